"""What a payment paid, as its receipt says it: what was booked then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.models import Allocation, IncomingPayment, Invoice
from billing_core.payments.models import Payment
from billing_core.payments.states import SUCCEEDED

CARD = "card"


@dataclass(frozen=True)
class Share:
    """What a payment paid of an invoice."""

    number: str
    public_id: str
    amount: int


@dataclass(frozen=True)
class Receipt:
    """A payment whose money has come, with what it paid. It says what was booked then, and never changes."""

    method: str
    row: Any
    account: Account
    shares: Sequence[Share]

    @property
    def rest(self) -> int:
        """What became account credit."""
        return int(self.row.amount) - sum(share.amount for share in self.shares)

    @property
    def received_on(self) -> date:
        """The day of value; of a card payment the day on which it was settled, by the seller's calendar."""
        if self.method != CARD:
            day: date = self.row.received_on
            return day
        return clock.local(self.row.settled_at or self.row.created_at, self.account.seller.timezone).date()

    @property
    def reference(self) -> str:
        """What the payer knows it by: the card, or the reference of the transfer."""
        return str(self.row.card if self.method == CARD else self.row.reference)

    @property
    def locale(self) -> str:
        """The language of its document."""
        return str(self.row.locale if self.method == CARD else self.account.locale)


def receipt_named(public_id: str) -> Receipt:
    """Any receipt, for the printer. At most five statements. Raises NotFound, also while the money has not come."""
    whole = joinedload(Payment.account).joinedload(Account.seller)
    settled = select(Payment).where(Payment.public_id == public_id, Payment.state == SUCCEEDED)
    payment = db.session().scalar(settled.options(whole, joinedload(Payment.payer)))
    if payment is not None:
        return Receipt(CARD, payment, payment.account, _shares(Allocation.payment_id == payment.id, CARD))
    named = select(IncomingPayment).where(IncomingPayment.public_id == public_id)
    came = db.session().scalar(named.options(joinedload(IncomingPayment.account).joinedload(Account.seller)))
    if came is None:
        raise NotFound
    return Receipt(came.method, came, came.account, _shares(Allocation.reference == came.public_id, "incoming"))


def _shares(of_payment: ColumnElement[bool], kind: str) -> list[Share]:
    paid = (
        select(Invoice.number, Invoice.public_id, Allocation.amount)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(of_payment, Allocation.kind == kind)
        .order_by(Allocation.id)
    )
    return [Share(*row) for row in db.session().execute(paid)]
