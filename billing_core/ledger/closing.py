"""The books of a seller at the end of a day: what is owed and what is left over, computed in two independent ways.

Forwards: everything that was booked before the day, and what the day brought, kind by kind. Backwards: the balances as
they are kept now, less everything that came after the day. Both must come to the same closing figures.

An invoice falls on its day of issue, with what was paid on it before it was taken over; every other row falls on the
day on which it was booked, by the seller's calendar (docs/adr/0019, docs/adr/0026).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, union_all

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, IncomingPayment, Invoice

INVOICE, IMPORTED = "invoice", "imported"
RECEIVABLES, CREDIT = "receivables", "credit"
REFUND, DISPUTE, CARD = "refund", "dispute", "card"


@dataclass(frozen=True)
class Books:
    """Whose books: a seller's, in one currency, on one day of the seller's calendar."""

    seller_id: int
    zone: str
    currency: str
    day: date

    @property
    def begins(self) -> datetime:
        """The first instant of the day."""
        return clock.end_of_day(self.day - timedelta(days=1), self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return clock.end_of_day(self.day, self.zone)


@dataclass(frozen=True)
class Moved:
    """What the rows of one kind and way came to on the day; `amount` is what they added to the side's balance."""

    kind: str
    way: str
    """card, bank_transfer, direct_debit or cheque; refund or dispute for what they moved; empty for anything else."""
    amount: int


@dataclass(frozen=True)
class Side:
    """Receivables or account credit: opening + what the day brought = closing, and the closing found backwards."""

    opening: int
    moved: Sequence[Moved]
    kept: int
    """The closing balance from the kept balances."""

    @property
    def closing(self) -> int:
        """The closing balance from the movements."""
        return self.opening + sum(one.amount for one in self.moved)

    @property
    def difference(self) -> int:
        """0 where both ways agree."""
        return self.closing - self.kept


def way_of(table: Any) -> ColumnElement[str]:
    """By which way the money of a row came or went; the row stands beside the IncomingPayment that it names."""
    found: ColumnElement[str] = case(
        (table.reference.startswith("ref_", autoescape=True), REFUND),
        (table.reference.startswith("dsp_", autoescape=True), DISPUTE),
        (IncomingPayment.method.is_not(None), IncomingPayment.method),
        (table.payment_id.is_not(None), CARD),
        else_="",
    )
    return found


def close(books: Books) -> tuple[Side, Side]:
    """Receivables and account credit at the end of the day. One statement, so that both ways see the same rows."""
    sums: dict[str, list[int]] = {RECEIVABLES: [0, 0], CREDIT: [0, 0]}
    moved: dict[str, list[Moved]] = {RECEIVABLES: [], CREDIT: []}
    parts = (_invoices(books), _imported(books), *_taken_off(books), *_left(books), _kept_credit(books))
    for side, kind, way, before, within, backwards in db.session().execute(union_all(*parts)):
        sums[side][0] += int(before or 0)
        sums[side][1] += int(backwards or 0)
        if within:
            moved[side].append(Moved(kind, way, int(within)))
    found = [Side(sums[name][0], moved[name], sums[name][1]) for name in (RECEIVABLES, CREDIT)]
    return found[0], found[1]


def _part(side: str, kind: Any, way: Any, before: Any = 0, within: Any = 0, backwards: Any = 0) -> list[Any]:
    sums = [func.coalesce(func.sum(amount), 0) for amount in (before, within, backwards)]
    return [literal(side), kind, way, *sums]


def _on(condition: ColumnElement[bool], amount: Any) -> Any:
    return case((condition, amount), else_=0)


def _invoices(books: Books) -> Select[Any]:
    """What was issued; backwards, the balances of today without the invoices that came after."""
    issued = Invoice.issued_on
    backwards = Invoice.balance - _on(issued > books.day, Invoice.total)
    columns = _part(
        RECEIVABLES, literal(INVOICE), literal(""), _on(issued < books.day, Invoice.total),
        _on(issued == books.day, Invoice.total), backwards,
    )  # fmt: skip
    return select(*columns).where(*_of(books))


def _of(books: Books) -> tuple[ColumnElement[bool], ...]:
    return (Invoice.seller_id == books.seller_id, Invoice.currency == books.currency)


def _imported(books: Books) -> Select[Any]:
    """Paid before the portal was used: on the day of the invoice."""
    issued, amount = Invoice.issued_on, Allocation.amount
    columns = _part(
        RECEIVABLES, literal(IMPORTED), literal(""), _on(issued < books.day, -amount),
        _on(issued == books.day, -amount), _on(issued > books.day, amount),
    )  # fmt: skip
    of = select(*columns).join(Invoice, Invoice.id == Allocation.invoice_id)
    return of.where(*_of(books), Allocation.kind == IMPORTED)


def _taken_off(books: Books) -> list[Select[Any]]:
    """What reduced invoices, or raised them again: before and after in one sum each, the day by kind and way."""
    at, amount = Allocation.booked_at, Allocation.amount
    own = and_(*_of(books), Allocation.kind != IMPORTED)
    around = _part(
        RECEIVABLES, literal(""), literal(""), _on(at < books.begins, -amount), 0, _on(at >= books.ends, amount)
    )
    kind, way = Allocation.kind, way_of(Allocation)
    within = (
        select(*_part(RECEIVABLES, kind.label("moved_kind"), way.label("moved_way"), within=-amount))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(IncomingPayment, IncomingPayment.public_id == Allocation.reference)
        .where(own, at >= books.begins, at < books.ends)
        .group_by("moved_kind", "moved_way")
    )
    return [select(*around).join(Invoice, Invoice.id == Allocation.invoice_id).where(own), within]


def _left(books: Books) -> list[Select[Any]]:
    """Account credit that came or went."""
    at, amount = CreditEntry.booked_at, CreditEntry.amount
    own = and_(Account.seller_id == books.seller_id, CreditEntry.currency == books.currency)
    around = _part(CREDIT, literal(""), literal(""), _on(at < books.begins, amount), 0, _on(at >= books.ends, -amount))
    kind, way = CreditEntry.kind, way_of(CreditEntry)
    within = (
        select(*_part(CREDIT, kind.label("moved_kind"), way.label("moved_way"), within=amount))
        .join(Account, Account.id == CreditEntry.account_id)
        .outerjoin(IncomingPayment, IncomingPayment.public_id == CreditEntry.reference)
        .where(own, at >= books.begins, at < books.ends)
        .group_by("moved_kind", "moved_way")
    )
    return [select(*around).join(Account, Account.id == CreditEntry.account_id).where(own), within]


def _kept_credit(books: Books) -> Select[Any]:
    columns = _part(CREDIT, literal(""), literal(""), backwards=AccountBalance.credit)
    of = select(*columns).join(Account, Account.id == AccountBalance.account_id)
    return of.where(Account.seller_id == books.seller_id, AccountBalance.currency == books.currency)


def currencies_of(seller_id: int) -> list[str]:
    """The currencies in which the seller's books have anything. One statement."""
    billed = select(Invoice.currency).where(Invoice.seller_id == seller_id)
    kept = select(AccountBalance.currency).join(Account, Account.id == AccountBalance.account_id)
    return sorted(db.session().scalars(billed.union(kept.where(Account.seller_id == seller_id))))
