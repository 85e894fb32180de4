"""Payments of an account, by card and as finance booked them, and their receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.payments.models import Payment
from billing_core.payments.queries import went_back
from billing_core.payments.states import SUCCEEDED, UNDER_WAY
from billing_core.permissions import Viewer
from corporate_portal.statement.books.receipts import CARD, Receipt, receipt_named

SIZE = 20


@dataclass(frozen=True)
class Received:
    """A payment in the list: an attempt by card in its state, or money that finance booked."""

    method: str
    """card, bank_transfer, direct_debit or cheque."""
    row: Any
    at: datetime
    gone: int = 0
    """How much of it left again."""

    @property
    def has_receipt(self) -> bool:
        """The money has come."""
        return self.method != CARD or self.row.state == SUCCEEDED

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the list, the newest first."""
        return (self.at, self.row.public_id)

    @property
    def cursor(self) -> str:
        """That place, for an address."""
        return f"{self.at.astimezone(UTC).strftime('%Y%m%dT%H%M%S%f')}~{self.row.public_id}"


def attempts_under_way(account: Account) -> Sequence[Payment]:
    """Card payments of the account whose outcome is not known, the oldest first, with their payers. One statement."""
    waiting = select(Payment).where(Payment.account_id == account.id, Payment.state.in_(UNDER_WAY))
    return db.session().scalars(waiting.order_by(Payment.id).options(joinedload(Payment.payer))).all()


def payments_of(account: Account, after: str) -> tuple[list[Received], str | None]:
    """A page of the account's payments, the newest first, and the cursor of the next one. Four statements."""
    place = _read(after)
    paid = select(Payment).where(Payment.account_id == account.id, _behind(Payment.created_at, Payment, place))
    came = select(IncomingPayment).where(
        IncomingPayment.account_id == account.id, _behind(IncomingPayment.booked_at, IncomingPayment, place)
    )
    by_card = _newest(paid, Payment.created_at, Payment.public_id)
    back = went_back([row.id for row in by_card])
    found = [Received(CARD, row, row.created_at, back.get(row.id, 0)) for row in by_card]
    booked = _newest(
        came.options(joinedload(IncomingPayment.returned)), IncomingPayment.booked_at, IncomingPayment.public_id
    )
    found += [Received(row.method, row, row.booked_at, row.amount if row.returned else 0) for row in booked]
    found.sort(key=lambda one: one.place, reverse=True)
    return found[:SIZE], found[SIZE - 1].cursor if len(found) > SIZE else None


def _newest(rows: Select[Any], at: Any, public_id: Any) -> Sequence[Any]:
    return db.session().scalars(rows.order_by(at.desc(), public_id.desc()).limit(SIZE + 1)).all()


def _behind(at: Any, table: Any, place: tuple[datetime, str] | None) -> ColumnElement[bool]:
    if place is None:
        return at.is_not(None)  # type: ignore[no-any-return]
    return or_(at < place[0], and_(at == place[0], table.public_id < place[1]))


def _read(cursor: str) -> tuple[datetime, str] | None:
    """The place that a cursor names; none where it makes no sense, which is the first page."""
    instant, _, public_id = cursor.partition("~")
    try:
        return datetime.strptime(instant, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC), public_id
    except ValueError:
        return None


def receipt_of(viewer: Viewer, public_id: str) -> Receipt:
    """The receipt of a payment of one of the viewer's accounts. At most five statements. Raises NotFound."""
    found = receipt_named(public_id)
    if found.account.id not in viewer.account_ids:
        raise NotFound
    return found


def gone_of(receipt: Receipt) -> int:
    """How much of the money has left again since. At most two statements."""
    if receipt.method == CARD:
        return went_back([receipt.row.id]).get(receipt.row.id, 0)
    undone = select(IncomingReturn.id).where(IncomingReturn.incoming_id == receipt.row.id)
    return receipt.row.amount if db.session().scalar(undone) is not None else 0
