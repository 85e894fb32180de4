"""The moves of a request."""

from billing_core.transitions import Machine

OPEN, DRAFTED, CLOSED = "open", "drafted", "closed"

REQUEST = Machine("Request", OPEN, {(OPEN, "draft"): DRAFTED, (OPEN, "close"): CLOSED})
