"""The moves of a quote version (domain.md 4). Reasons are apart from states: they stand in the decision."""

from billing_core.transitions import Machine

DRAFT, SENT, ACCEPTED, REJECTED = "draft", "sent", "accepted", "rejected"
EXPIRED, SUPERSEDED, WITHDRAWN = "expired", "superseded", "withdrawn"

OUTSTANDING = (SENT,)
"""Waiting for the customer, unless the deadline has passed."""
DECIDED = (ACCEPTED, REJECTED, EXPIRED, SUPERSEDED, WITHDRAWN)
"""Shown in the history tab."""

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
