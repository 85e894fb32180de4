"""The moves of a service order (domain.md 4), of the invoices that it still has to bring, and of an online order."""

from billing_core.transitions import Machine

PENDING, FULFILLED = "pending", "fulfilled"
WAITING, ISSUED = "waiting", "issued"

ORDER = Machine(
    "Service order",
    PENDING,
    {(PENDING, "fulfil"): FULFILLED},
)
SCHEDULE = Machine(
    "Scheduled invoice",
    WAITING,
    {(WAITING, "issue"): ISSUED},
)

PLACED, VOID, UNAPPLIED = "placed", "void", "unapplied"

ONLINE_ORDER = Machine(
    "Online order",
    PLACED,
    {
        (PLACED, "fulfil"): FULFILLED,
        (PLACED, "void"): VOID,
        (PLACED, "set_apart"): UNAPPLIED,
        (VOID, "set_apart"): UNAPPLIED,
    },
)
"""Placed: its card payment is under way. Void: that ended without money. Unapplied: money came for what could no longer
be carried out, and became account credit."""
