"""What finance reads about money that goes back: one payment with everything about it, and the refunds that wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.models import IncomingPayment
from billing_core.payments.models import Payment, PaymentTarget, Refund, RefundPart
from billing_core.payments.refunding import Refundable, refundable
from billing_core.payments.states import AWAITING, BEGUN, PENDING
from billing_core.permissions import Viewer, demand_staff

MOST_REFUNDS = 200
"""Rows of the list: what waits is worked off."""


@dataclass(frozen=True)
class PaymentAtDesk:
    """A card payment with everything that finance sees of it."""

    payment: Payment
    refundable: Refundable


def payment_of(viewer: Viewer, public_id: str) -> PaymentAtDesk:
    """Any card payment, for finance alone. At most ten statements. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    refunds = selectinload(Payment.refunds)
    whole = (
        joinedload(Payment.account),
        joinedload(Payment.payer),
        selectinload(Payment.targets).joinedload(PaymentTarget.invoice),
        selectinload(Payment.targets).joinedload(PaymentTarget.order),
        refunds.joinedload(Refund.requester),
        refunds.joinedload(Refund.decider),
        refunds.selectinload(Refund.parts).joinedload(RefundPart.invoice),
        selectinload(Payment.disputes),
    )
    found = db.session().scalar(select(Payment).where(Payment.public_id == public_id).options(*whole))
    if found is None:
        raise NotFound
    return PaymentAtDesk(found, refundable(found))


def refunds_on_the_way(viewer: Viewer) -> Sequence[Refund]:
    """Refunds that wait for a second person or for the processor, and those that failed, the newest first."""
    demand_staff(viewer, "finance")
    rows = select(Refund).where(or_(Refund.state.in_((AWAITING, BEGUN, PENDING)), Refund.state == "failed"))
    people = (joinedload(Refund.requester), joinedload(Refund.account), joinedload(Refund.payment))
    return db.session().scalars(rows.order_by(Refund.id.desc()).limit(MOST_REFUNDS).options(*people)).all()


def card_payments_of(account_id: int) -> Sequence[Payment]:
    """The account's card payments that brought money, the newest first, with the payer. One statement."""
    paid = select(Payment).where(Payment.account_id == account_id, Payment.state == "succeeded")
    newest = paid.order_by(Payment.id.desc()).limit(MOST_REFUNDS)
    return db.session().scalars(newest.options(joinedload(Payment.payer))).all()


def incoming_of(viewer: Viewer, public_id: str) -> tuple[IncomingPayment, Account]:
    """Money that finance booked, with its account. One statement. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    named = select(IncomingPayment).where(IncomingPayment.public_id == public_id)
    found = db.session().scalar(
        named.options(joinedload(IncomingPayment.account), joinedload(IncomingPayment.returned))
    )
    if found is None:
        raise NotFound
    return found, found.account
