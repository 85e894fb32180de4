"""The moves of a quote version (domain.md 4). Reasons stand apart from states: in decision, approval and thread."""

from billing_core.transitions import Machine

DRAFT, AWAITING_APPROVAL = "draft", "awaiting_approval"
SENT, CHANGE_REQUESTED = "sent", "change_requested"
AWAITING_SECOND = "awaiting_second_contact"
ACCEPTED, REJECTED, EXPIRED = "accepted", "rejected", "expired"
SUPERSEDED, WITHDRAWN = "superseded", "withdrawn"

OUTSTANDING = (SENT, CHANGE_REQUESTED)
"""Waiting for a contact's decision, unless the deadline has passed."""
OPEN = (*OUTSTANDING, AWAITING_SECOND)
"""Waiting for the customer in any way: these expire."""
DECIDED = (ACCEPTED, REJECTED, EXPIRED, SUPERSEDED, WITHDRAWN)
"""Shown in the history tab."""
REVISABLE = (SENT, CHANGE_REQUESTED, REJECTED, EXPIRED)
"""A new version may follow; this one is superseded by its submission, and never acceptable again."""

QUOTE = Machine(
    "Quote version",
    DRAFT,
    {
        (DRAFT, "submit"): SENT,
        (DRAFT, "ask approval"): AWAITING_APPROVAL,
        (AWAITING_APPROVAL, "approve"): SENT,
        (AWAITING_APPROVAL, "return"): DRAFT,
        (DRAFT, "replace"): SUPERSEDED,
        (SENT, "accept"): ACCEPTED,
        (CHANGE_REQUESTED, "accept"): ACCEPTED,
        (SENT, "accept first"): AWAITING_SECOND,
        (CHANGE_REQUESTED, "accept first"): AWAITING_SECOND,
        (AWAITING_SECOND, "confirm"): ACCEPTED,
        (AWAITING_SECOND, "refuse"): SENT,
        (SENT, "reject"): REJECTED,
        (CHANGE_REQUESTED, "reject"): REJECTED,
        (SENT, "ask change"): CHANGE_REQUESTED,
        (SENT, "expire"): EXPIRED,
        (CHANGE_REQUESTED, "expire"): EXPIRED,
        (AWAITING_SECOND, "expire"): EXPIRED,
        (SENT, "supersede"): SUPERSEDED,
        (CHANGE_REQUESTED, "supersede"): SUPERSEDED,
        (REJECTED, "supersede"): SUPERSEDED,
        (EXPIRED, "supersede"): SUPERSEDED,
        (DRAFT, "withdraw"): WITHDRAWN,
        (AWAITING_APPROVAL, "withdraw"): WITHDRAWN,
        (SENT, "withdraw"): WITHDRAWN,
        (CHANGE_REQUESTED, "withdraw"): WITHDRAWN,
    },
)
