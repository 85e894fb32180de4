"""The moves of a payment (domain.md 5). They are monotone: nothing leaves `succeeded`, and money that the processor did
receive is booked from every state, also from one that we had given up.
"""

from billing_core.transitions import Machine

CREATING, OPEN, UNKNOWN = "creating", "open", "unknown"
SUCCEEDED, FAILED, EXPIRED, CANCELLED = "succeeded", "failed", "expired", "cancelled"
NEEDS_REVIEW = "needs_review"

UNDER_WAY = (CREATING, OPEN, UNKNOWN)
"""The processor has not yet said what became of it."""
HOLDING = (*UNDER_WAY, NEEDS_REVIEW)
"""States in which the money is held: the same part of an invoice cannot be paid a second time."""

PAYMENT = Machine(
    "Payment",
    CREATING,
    {
        (CREATING, "open"): OPEN,
        (CREATING, "doubt"): UNKNOWN,
        (CREATING, "succeed"): SUCCEEDED,
        (CREATING, "fail"): FAILED,
        (CREATING, "expire"): EXPIRED,
        (CREATING, "cancel"): CANCELLED,
        (CREATING, "review"): NEEDS_REVIEW,
        (OPEN, "doubt"): UNKNOWN,
        (OPEN, "succeed"): SUCCEEDED,
        (OPEN, "fail"): FAILED,
        (OPEN, "expire"): EXPIRED,
        (OPEN, "cancel"): CANCELLED,
        (OPEN, "review"): NEEDS_REVIEW,
        (UNKNOWN, "open"): OPEN,
        (UNKNOWN, "succeed"): SUCCEEDED,
        (UNKNOWN, "fail"): FAILED,
        (UNKNOWN, "expire"): EXPIRED,
        (UNKNOWN, "cancel"): CANCELLED,
        (UNKNOWN, "review"): NEEDS_REVIEW,
        (FAILED, "succeed"): SUCCEEDED,
        (FAILED, "review"): NEEDS_REVIEW,
        (EXPIRED, "succeed"): SUCCEEDED,
        (EXPIRED, "review"): NEEDS_REVIEW,
        (CANCELLED, "succeed"): SUCCEEDED,
        (CANCELLED, "review"): NEEDS_REVIEW,
    },
)
