"""What finance reads about payments that were set aside: the work list, and one with both sides beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db
from billing_core.errors import NotFound
from billing_core.payments.models import Payment, PaymentTarget, Refund
from billing_core.payments.processor import processor
from billing_core.payments.review import finding
from billing_core.payments.review.finding import Finding
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.states import AWAITING, NEEDS_REVIEW
from billing_core.permissions import Viewer, demand_staff

MOST_DECIDED = 20
"""Decisions that are listed below what waits."""


@dataclass(frozen=True)
class Waiting:
    """A payment with its review; `seen` is what the newest look found."""

    payment: Payment
    review: PaymentReview
    seen: Finding
    possible: tuple[str, ...] = ()

    @property
    def asked_back(self) -> Refund | None:
        """The refund that waits for a second person."""
        return next((refund for refund in self.payment.refunds if refund.state == AWAITING), None)


def count(viewer: Viewer) -> int:
    """How many payments wait for a decision. One statement. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    return db.session().scalar(select(func.count()).where(Payment.state == NEEDS_REVIEW)) or 0


def waiting(viewer: Viewer) -> list[Waiting]:
    """The payments that wait, the longest waiting first. Four statements. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    rows = _rows().where(Payment.state == NEEDS_REVIEW).order_by(PaymentReview.set_aside_at, Payment.id)
    return [Waiting(payment, review, finding.of_review(review)) for payment, review in db.session().execute(rows)]


def decided(viewer: Viewer) -> Sequence[Waiting]:
    """The last decisions, the newest first. Four statements. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    rows = _rows().where(PaymentReview.decision.is_not(None)).order_by(PaymentReview.decided_at.desc(), Payment.id)
    found = db.session().execute(rows.limit(MOST_DECIDED))
    return [Waiting(payment, review, finding.of_review(review)) for payment, review in found]


def review_of(viewer: Viewer, public_id: str) -> Waiting:
    """One, waiting or decided, with what can be decided now. At most ten statements. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    found = db.session().execute(_rows().where(Payment.public_id == public_id)).first()
    if found is None:
        raise NotFound
    payment, review = found
    seen = finding.of_review(review)
    return Waiting(payment, review, seen, finding.possible(payment, seen, livemode=processor().livemode))


def _rows() -> Select[Payment, PaymentReview]:
    whole = (
        joinedload(Payment.account), joinedload(Payment.payer), selectinload(Payment.refunds),
        selectinload(Payment.targets).joinedload(PaymentTarget.invoice),
        selectinload(Payment.targets).joinedload(PaymentTarget.order), joinedload(PaymentReview.decider),
    )  # fmt: skip
    return select(Payment, PaymentReview).join(PaymentReview, PaymentReview.payment_id == Payment.id).options(*whole)
