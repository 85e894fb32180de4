"""The moves of payments, refunds and disputes (domain.md 5).

Those of a payment are monotone: nothing leaves `succeeded`, and money that the processor did receive is booked from
every state, also from one that we had given up. What was set aside leaves only by a decision of finance. A refund can
fail long after the processor took it on.
"""

from billing_core.transitions import Machine

CREATING, OPEN, UNKNOWN = "creating", "open", "unknown"
SUCCEEDED, FAILED, EXPIRED, CANCELLED = "succeeded", "failed", "expired", "cancelled"
NEEDS_REVIEW, GIVEN_BACK, CLOSED = "needs_review", "given_back", "closed"

UNDER_WAY = (CREATING, OPEN, UNKNOWN)
"""The processor has not yet said what became of it."""
HOLDING = (*UNDER_WAY, NEEDS_REVIEW)
"""States in which the money is held: the same part of an invoice cannot be paid a second time."""

OVER = (SUCCEEDED, NEEDS_REVIEW, GIVEN_BACK, CLOSED)
"""Settled, or in the hands of finance: what the processor says of the session changes nothing any more."""

MAY_GO_BACK = (SUCCEEDED, GIVEN_BACK)
"""States in which the processor may have refunds and disputes that have rows here."""

CAME_TO_NOTHING = (FAILED, EXPIRED, CANCELLED)
"""No money came, as far as is known."""

PROPOSED, CONFIRMED, REFUSED, WITHDRAWN = "proposed", "confirmed", "refused", "withdrawn"
PROPOSAL = Machine(
    "Payment proposal",
    PROPOSED,
    {(PROPOSED, "confirm"): CONFIRMED, (PROPOSED, "refuse"): REFUSED, (PROPOSED, "withdraw"): WITHDRAWN},
)

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
        (NEEDS_REVIEW, "take_in"): SUCCEEDED,
        (NEEDS_REVIEW, "give_back"): GIVEN_BACK,
        (NEEDS_REVIEW, "close"): CLOSED,
        (GIVEN_BACK, "review"): NEEDS_REVIEW,
    },
)

AWAITING, BEGUN, PENDING, DECLINED = "awaiting_approval", "begun", "pending", "declined"

REFUND_LEFT = (BEGUN, PENDING, SUCCEEDED)
"""States in which the refunded money has left the ledger."""

REFUND = Machine(
    "Refund",
    AWAITING,
    {
        (AWAITING, "begin"): BEGUN,
        (AWAITING, "decline"): DECLINED,
        (BEGUN, "accept"): PENDING,
        (BEGUN, "succeed"): SUCCEEDED,
        (BEGUN, "fail"): FAILED,
        (PENDING, "succeed"): SUCCEEDED,
        (PENDING, "fail"): FAILED,
        (SUCCEEDED, "fail"): FAILED,
    },
)

INQUIRY, DISPUTED, WON, LOST, CLOSED = "inquiry", "disputed", "won", "lost", "closed"

UNDECIDED = (INQUIRY, DISPUTED)
"""States in which an invoice counts as disputed: not payable, not dunned."""

DISPUTE = Machine(
    "Dispute",
    INQUIRY,
    {
        (INQUIRY, "dispute"): DISPUTED,
        (INQUIRY, "close"): CLOSED,
        (DISPUTED, "win"): WON,
        (DISPUTED, "lose"): LOST,
        (LOST, "win"): WON,
    },
)

SETUP_UNDER_WAY = (CREATING, OPEN)
"""Nobody knows yet whether a card is added."""

CARD_SETUP = Machine(
    "Card setup",
    CREATING,
    {
        (CREATING, "open"): OPEN,
        (CREATING, "succeed"): SUCCEEDED,
        (CREATING, "fail"): FAILED,
        (CREATING, "expire"): EXPIRED,
        (OPEN, "succeed"): SUCCEEDED,
        (OPEN, "fail"): FAILED,
        (OPEN, "expire"): EXPIRED,
        (FAILED, "succeed"): SUCCEEDED,
        (EXPIRED, "succeed"): SUCCEEDED,
    },
)
