"""The moves of a request to change who is a contact."""

from billing_core.transitions import Machine

ASKED, APPROVED, REJECTED, WITHDRAWN = "asked", "approved", "rejected", "withdrawn"
ADD, REPLACE, REMOVE, CHANGE = "add", "replace", "remove", "change"
KINDS = (ADD, REPLACE, REMOVE, CHANGE)

CONTACT_CHANGE = Machine(
    "Contact change",
    ASKED,
    {(ASKED, "approve"): APPROVED, (ASKED, "reject"): REJECTED, (ASKED, "withdraw"): WITHDRAWN},
)
