"""Every movement of a seller's books, one by one, in keyset pages: what the export and the day-end report list.

An invoice and a credit note fall on their day of issue, every other row on the day of its booking by the seller's
calendar; what was paid before an invoice was taken over falls on the day of that invoice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import joinedload, load_only, selectinload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.closing import IMPORTED, INVOICE, way_of
from billing_core.ledger.models import Allocation, CreditEntry, CreditNote, IncomingPayment, Invoice
from billing_core.payments.models import Payment

AT_A_TIME = 400
"""Rows of one table that are read in one statement."""
CREDIT_NOTE = "credit_note"
INVOICES, NOTES, ALLOCATIONS, CREDITS = 0, 1, 2, 3
"""The order in which the rows of one instant stand."""


@dataclass(frozen=True)
class Extent:
    """The highest ids when reading began: what comes later is not part of this list."""

    invoice: int
    note: int
    allocation: int
    credit: int


@dataclass(frozen=True)
class Scope:
    """Whose rows: a seller's of some days, both included, perhaps of one currency only."""

    seller_id: int
    zone: str
    first: date
    last: date
    extent: Extent
    currency: str | None = None

    @property
    def begins(self) -> datetime:
        """The first instant."""
        return clock.end_of_day(self.first - timedelta(days=1), self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return clock.end_of_day(self.last, self.zone)


@dataclass(frozen=True)
class Movement:
    """One row. `receivables` and `credit` are what it adds to the two balances, in smallest units of `currency`."""

    place: int
    id: int
    day: date
    at: datetime | None
    kind: str
    way: str
    reference: str
    currency: str
    account: Account
    receivables: int = 0
    credit: int = 0
    invoice: Any = None
    """The invoice that it is, or that it paid, raised or names."""
    came: Any = None
    payment: Any = None
    note: Any = None

    @property
    def order(self) -> tuple[Any, ...]:
        """By day, documents first, then as it was booked."""
        return (self.day, self.at or datetime.min.replace(tzinfo=UTC), self.place, self.id)


@dataclass(frozen=True)
class Place:
    """Where reading goes on in one table: behind this row."""

    day: date
    at: datetime | None
    id: int


_INVOICE = load_only(
    Invoice.number, Invoice.public_id, Invoice.issued_on, Invoice.due_on, Invoice.total, Invoice.net, Invoice.tax,
    Invoice.currency, Invoice.po_number, Invoice.order_number, Invoice.account_id,
)  # fmt: skip
_NOTE = load_only(
    CreditNote.number, CreditNote.public_id, CreditNote.issued_on, CreditNote.total, CreditNote.net, CreditNote.tax,
    CreditNote.currency, CreditNote.po_number, CreditNote.invoice_id, CreditNote.account_id,
)  # fmt: skip


def extent() -> Extent:
    """How far the rows go now. One statement."""
    tables = (Invoice, CreditNote, Allocation, CreditEntry)
    highest = [select(func.coalesce(func.max(table.id), 0)).scalar_subquery() for table in tables]
    return Extent(*db.session().execute(select(*highest)).one())


def invoices(scope: Scope, after: Movement | Place | None) -> list[Movement]:
    """Invoices with their taxes, each followed by what was paid on it before it was taken over. Two statements."""
    paid = (
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .where(Allocation.invoice_id == Invoice.id, Allocation.kind == IMPORTED)
        .scalar_subquery()
    )
    whole = (_INVOICE, selectinload(Invoice.taxes), joinedload(Invoice.account))
    rows = select(Invoice, paid).where(*_issued(scope, Invoice, scope.extent.invoice, after)).options(*whole)
    found = []
    for row, elsewhere in db.session().execute(rows.order_by(Invoice.issued_on, Invoice.id).limit(AT_A_TIME)):
        it = Movement(
            INVOICES, row.id, row.issued_on, None, INVOICE, "", row.public_id, row.currency, row.account,
            receivables=row.total, invoice=row,
        )  # fmt: skip
        found.append(it)
        if elsewhere:
            found.append(replace(it, kind=IMPORTED, receivables=-int(elsewhere)))
    return found


def notes(scope: Scope, after: Movement | Place | None) -> list[Movement]:
    """Credit notes as documents: what they do to balances are rows of their own. Two statements."""
    whole = (_NOTE, selectinload(CreditNote.taxes), joinedload(CreditNote.account))
    named = (joinedload(CreditNote.invoice).options(_INVOICE),)
    rows = select(CreditNote).where(*_issued(scope, CreditNote, scope.extent.note, after)).options(*whole, *named)
    return [
        Movement(
            NOTES, row.id, row.issued_on, None, CREDIT_NOTE, "", row.public_id, row.currency, row.account,
            invoice=row.invoice, note=row,
        )
        for row in db.session().scalars(rows.order_by(CreditNote.issued_on, CreditNote.id).limit(AT_A_TIME))
    ]  # fmt: skip


def allocations(scope: Scope, after: Movement | Place | None, *only: ColumnElement[bool]) -> list[Movement]:
    """What was taken off invoices, or put back. One statement."""
    rows: Any = select(Allocation, way_of(Allocation), Invoice, Account, Payment, IncomingPayment, CreditNote)
    rows = rows.join(Invoice, Invoice.id == Allocation.invoice_id).join(Account, Account.id == Allocation.account_id)
    rows = _behind_it(rows, Allocation).where(*_booked(scope, Allocation, scope.extent.allocation, after), *only)
    rows = rows.where(Invoice.seller_id == scope.seller_id, Allocation.kind != IMPORTED).options(_INVOICE)
    return [
        Movement(
            ALLOCATIONS, row.id, clock.local(row.booked_at, scope.zone).date(), row.booked_at, row.kind, way,
            row.reference, row.currency, account, -row.amount, 0, invoice, came, payment, note,
        )
        for row, way, invoice, account, payment, came, note in _page(rows, Allocation)
    ]  # fmt: skip


def credits_(scope: Scope, after: Movement | Place | None, *only: ColumnElement[bool]) -> list[Movement]:
    """Account credit that came or went. Two statements."""
    rows: Any = select(CreditEntry, way_of(CreditEntry), Account, Payment, IncomingPayment, CreditNote)
    rows = _behind_it(rows.join(Account, Account.id == CreditEntry.account_id), CreditEntry)
    rows = rows.where(*_booked(scope, CreditEntry, scope.extent.credit, after), *only)
    got = _page(rows.where(Account.seller_id == scope.seller_id), CreditEntry)
    named = _invoices_named([row.reference for row, *_rest in got])
    return [
        Movement(
            CREDITS, row.id, clock.local(row.booked_at, scope.zone).date(), row.booked_at, row.kind, way,
            row.reference, row.currency, account, 0, row.amount, named.get(_named_in(row.reference)), came, payment,
            note,
        )
        for row, way, account, payment, came, note in got
    ]  # fmt: skip


def _invoices_named(references: Sequence[str]) -> dict[str, Invoice]:
    """Invoices whose public id stands behind a slash in the reference of a credit entry."""
    named = sorted({_named_in(reference) for reference in references} - {""})
    rows = db.session().scalars(select(Invoice).where(Invoice.public_id.in_(named)).options(_INVOICE)) if named else ()
    return {row.public_id: row for row in rows}


def _named_in(reference: str) -> str:
    last = reference.rpartition("/")[2]
    return last if last.startswith("inv_") else ""


def _behind_it(rows: Any, table: Any) -> Any:
    """With the payment or document behind each row."""
    return (
        rows.outerjoin(Payment, Payment.id == table.payment_id)
        .outerjoin(IncomingPayment, IncomingPayment.public_id == table.reference)
        .outerjoin(CreditNote, CreditNote.public_id == table.reference)
        .options(_NOTE)
    )


def _page(rows: Any, table: Any) -> Sequence[Any]:
    return db.session().execute(rows.order_by(table.booked_at, table.id).limit(AT_A_TIME)).all()


def _issued(scope: Scope, table: Any, highest: int, after: Movement | Place | None) -> list[ColumnElement[bool]]:
    found = [table.seller_id == scope.seller_id, table.id <= highest, table.issued_on <= scope.last]
    if scope.currency:
        found.append(table.currency == scope.currency)
    return [*found, _from(table.issued_on, table.id, scope.first, after.day if after else None, after)]


def _booked(scope: Scope, table: Any, highest: int, after: Movement | Place | None) -> list[ColumnElement[bool]]:
    found = [table.id <= highest, table.booked_at < scope.ends]
    if scope.currency:
        found.append(table.currency == scope.currency)
    return [*found, _from(table.booked_at, table.id, scope.begins, after.at if after else None, after)]


def _from(column: Any, id_: Any, begins: Any, place: Any, after: Movement | Place | None) -> ColumnElement[bool]:
    """Where reading goes on. One bound alone: given two, SQLite begins each page at the first one again."""
    if after is None:
        return column >= begins  # type: ignore[no-any-return]
    return tuple_(column, id_) > tuple_(literal(place, column.type), literal(after.id))
