"""The moves of a service order (domain.md 4) and of the invoices that it still has to bring."""

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
