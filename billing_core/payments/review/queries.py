"""What a customer's pages say of a review: only that another amount was taken in."""

from sqlalchemy import select

from billing_core import db
from billing_core.payments.models import Payment
from billing_core.payments.review.finding import TAKE_IN
from billing_core.payments.review.models import PaymentReview


def taken_in(payment: Payment) -> PaymentReview | None:
    """The review of a payment of which finance took in another amount than was asked for. One statement."""
    decided = select(PaymentReview).where(PaymentReview.payment_id == payment.id, PaymentReview.decision == TAKE_IN)
    return db.session().scalar(decided)
