"""The moves of a quote version (domain.md 4). Reasons are apart from states: they stand in the decision."""

from billing_core.transitions import Machine

DRAFT, AWAITING_APPROVAL, SENT, CHANGE_REQUESTED = "draft", "awaiting_approval", "sent", "change_requested"
AWAITING_SECOND_CONTACT, ACCEPTED, REJECTED = "awaiting_second_contact", "accepted", "rejected"
EXPIRED, SUPERSEDED, WITHDRAWN = "expired", "superseded", "withdrawn"

OUTSTANDING = (SENT, CHANGE_REQUESTED, AWAITING_SECOND_CONTACT)
"""Waiting for the customer, unless the deadline has passed."""
DECIDED = (ACCEPTED, REJECTED, EXPIRED, SUPERSEDED, WITHDRAWN)
"""Shown in the history tab."""
SHOWN_TO_CONTACTS = OUTSTANDING + DECIDED
"""What a contact may see at all: never a draft, nor what waits for a manager."""

QUOTE = Machine(
    "Quote version",
    DRAFT,
    {
        (DRAFT, "submit"): SENT,
        (DRAFT, "replace"): SUPERSEDED,
        (SENT, "accept"): ACCEPTED,
        (SENT, "reject"): REJECTED,
        (SENT, "expire"): EXPIRED,
        (DRAFT, "withdraw"): WITHDRAWN,
        (SENT, "withdraw"): WITHDRAWN,
    },
)
