"""The moves of a service order (domain.md 4)."""

from billing_core.transitions import Machine

PENDING, FULFILLED = "pending", "fulfilled"

ORDER = Machine("Service order", PENDING, {(PENDING, "fulfil"): FULFILLED})
