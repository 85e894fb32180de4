"""The entries of a statement and their sums, from the rows of the ledger.

A booking falls on the day on which it was booked, by the seller's calendar, so that a statement of days that are over
never changes; money that finance booked says its day of value besides. What was paid before an invoice was taken over
falls on the day of that invoice, since its own day is not known here.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, tuple_, union_all
from sqlalchemy.orm import load_only

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.ledger.models import Allocation, CreditEntry, CreditNote, IncomingPayment, Invoice
from billing_core.payments.models import Payment
from corporate_portal.statement.books.entries import (
    CREDITED,
    IMPORTED,
    INVOICE,
    PAID,
    Entry,
    Period,
    Row,
    drawn_together,
)
from corporate_portal.statement.models import Statement

AT_A_TIME = 400
"""Rows of one table that are read in one statement."""


@dataclass(frozen=True)
class Extent:
    """The highest ids of an account's rows: with them a statement says the same however late it is written."""

    invoice: int
    allocation: int
    credit: int


@dataclass(frozen=True)
class Scope:
    """Of which account, in which currency and period, by which calendar, up to which rows."""

    account_id: int
    currency: str
    zone: str
    period: Period
    extent: Extent

    @property
    def begins(self) -> datetime:
        """The first instant of the period."""
        return clock.end_of_day(self.period.first - timedelta(days=1), self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return clock.end_of_day(self.period.last, self.zone)


@dataclass(frozen=True)
class Sums:
    """The exact sums of a period, whatever a page shows of it: opening + what came by kind = closing."""

    opening: int
    by_kind: Mapping[str, int]
    rows: int
    """Rows of the ledger in the period."""

    @property
    def closing(self) -> int:
        """The balance at the end of the period."""
        return self.opening + sum(self.by_kind.values())

    @property
    def invoiced(self) -> int:
        """What was invoiced."""
        return self._of(frozenset({INVOICE}))

    @property
    def credited(self) -> int:
        """What credit notes took off, negative."""
        return self._of(CREDITED)

    @property
    def paid(self) -> int:
        """What payments took off, negative."""
        return self._of(PAID)

    @property
    def other(self) -> int:
        """Everything else: refunds, and payments that were taken back."""
        return self.closing - self.opening - self.invoiced - self.credited - self.paid

    def _of(self, kinds: frozenset[str]) -> int:
        return sum(amount for kind, amount in self.by_kind.items() if kind in kinds)


_NAMED = load_only(Invoice.number, Invoice.public_id, Invoice.issued_on, Invoice.due_on, Invoice.total)
"""What a statement says of an invoice: not its address and letterhead."""


def extent_of(account_id: int) -> Extent:
    """How far the account's rows go now. One statement."""
    highest = [
        select(func.coalesce(func.max(table.id), 0)).where(table.account_id == account_id).scalar_subquery()
        for table in (Invoice, Allocation, CreditEntry)
    ]
    return Extent(*db.session().execute(select(*highest)).one())


def sums_of(scope: Scope) -> Sums:
    """The balance before the period and what came in it. One statement."""
    imported = and_(*_own(scope, Allocation), Allocation.id <= scope.extent.allocation, Allocation.kind == IMPORTED)
    elsewhere = select(*_summed(literal(IMPORTED), -Allocation.amount, Invoice.issued_on < scope.period.first))
    parts = [
        select(*_summed(literal(INVOICE), Invoice.total, Invoice.issued_on < scope.period.first)).where(
            *_issued(scope)
        ),
        elsewhere.join(Invoice, Invoice.id == Allocation.invoice_id).where(imported, *_issued(scope)),
        *(
            select(*_summed(table.kind, -table.amount, table.booked_at < scope.begins))
            .where(*_booked(scope, table), table.booked_at < scope.ends)
            .group_by(table.kind)
            for table in (Allocation, CreditEntry)
        ),
    ]
    opening, rows, by_kind = 0, 0, dict[str, int]()
    for kind, before, within, count in db.session().execute(union_all(*parts)):
        opening += int(before or 0)
        rows += int(count or 0)
        by_kind[kind] = by_kind.get(kind, 0) + int(within or 0)
    return Sums(opening, by_kind, rows)


def _summed(kind: Any, amount: Any, is_before: ColumnElement[bool]) -> list[Any]:
    return [
        kind.label("kind"),
        func.sum(case((is_before, amount), else_=0)),
        func.sum(case((is_before, 0), else_=amount)),
        func.sum(case((is_before, 0), else_=1)),
    ]


def entries_of(scope: Scope, opening: int) -> Iterator[Entry]:
    """The entries of the period in their order, inside an open transaction, read as far as they are asked for."""
    return _entries(scope, opening, lambda read: read())


def read_in_parts(scope: Scope, opening: int) -> Iterator[Entry]:
    """As entries_of, but outside any transaction: each part is read in a short one of its own, for long downloads."""
    return _entries(scope, opening, _reading)


Reader = Callable[[Callable[[], list[Row]]], list[Row]]


def _reading(read: Callable[[], list[Row]]) -> list[Row]:
    with db.reading():
        return read()


def _entries(scope: Scope, opening: int, reader: Reader) -> Iterator[Entry]:
    streams = (_stream(scope, part, reader) for part in (_invoices, _allocations, _credits))
    return drawn_together(heapq.merge(*streams, key=lambda row: row.order), opening)


def _stream(scope: Scope, part: Callable[[Scope, Row | None], list[Row]], reader: Reader) -> Iterator[Row]:
    """All rows of one table, a keyset page after the other."""
    last: Row | None = None
    while True:
        behind = last
        rows = reader(lambda: part(scope, behind))  # noqa: B023 - read at once
        yield from rows
        if len({row.id for row in rows}) < AT_A_TIME:
            return
        last = rows[-1]


def _invoices(scope: Scope, after: Row | None) -> list[Row]:
    """Invoices of the period, each with what was paid on it before it was taken over. One statement."""
    paid = (
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .where(
            Allocation.invoice_id == Invoice.id,
            Allocation.kind == IMPORTED,
            Allocation.id <= scope.extent.allocation,
        )
        .scalar_subquery()
    )
    wanted = select(Invoice, paid).where(*_issued(scope), Invoice.issued_on >= scope.period.first)
    if after is not None:
        wanted = wanted.where(tuple_(Invoice.issued_on, Invoice.id) > tuple_(literal(after.day), literal(after.id)))
    rows = []
    page = wanted.order_by(Invoice.issued_on, Invoice.id).limit(AT_A_TIME).options(_NAMED)
    for invoice, elsewhere in db.session().execute(page):
        day, own = invoice.issued_on, invoice.id
        rows.append(Row(day, None, 0, own, INVOICE, invoice.public_id, invoice.total, invoice=invoice))
        if elsewhere:
            rows.append(Row(day, None, 0, own, IMPORTED, invoice.public_id, -int(elsewhere), invoice=invoice))
    return rows


def _allocations(scope: Scope, after: Row | None) -> list[Row]:
    """Money that was taken off invoices, or put back. One statement."""
    columns = (Allocation, Invoice, Payment, IncomingPayment, CreditNote)
    found: Any = select(*columns).join(Invoice, Invoice.id == Allocation.invoice_id).options(_NAMED)
    return [
        Row(
            clock.local(taken.booked_at, scope.zone).date(), taken.booked_at, 1, taken.id, taken.kind, taken.reference,
            -taken.amount, invoice, came, payment, note,
        )
        for taken, invoice, payment, came, note in db.session().execute(_page(found, Allocation, scope, after))
    ]  # fmt: skip


def _credits(scope: Scope, after: Row | None) -> list[Row]:
    """Account credit that came or went. One statement."""
    found: Any = select(CreditEntry, Payment, IncomingPayment, CreditNote)
    return [
        Row(
            clock.local(left.booked_at, scope.zone).date(), left.booked_at, 2, left.id, left.kind, left.reference,
            -left.amount, None, came, payment, note,
        )
        for left, payment, came, note in db.session().execute(_page(found, CreditEntry, scope, after))
    ]  # fmt: skip


def _page(found: Any, table: Any, scope: Scope, after: Row | None) -> Any:
    """The next rows of the period, each with the payment or document behind it."""
    found = (
        found.outerjoin(Payment, Payment.id == table.payment_id)
        .outerjoin(IncomingPayment, IncomingPayment.public_id == table.reference)
        .outerjoin(CreditNote, CreditNote.public_id == table.reference)
        .options(load_only(CreditNote.number, CreditNote.public_id))
        .where(*_booked(scope, table), table.booked_at >= scope.begins, table.booked_at < scope.ends)
    )
    if after is not None:
        place = tuple_(literal(after.at, table.booked_at.type), literal(after.id))
        found = found.where(tuple_(table.booked_at, table.id) > place)
    return found.order_by(table.booked_at, table.id).limit(AT_A_TIME)


def _own(scope: Scope, table: Any) -> tuple[ColumnElement[bool], ...]:
    return (table.account_id == scope.account_id, table.currency == scope.currency)


def _issued(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return (*_own(scope, Invoice), Invoice.id <= scope.extent.invoice, Invoice.issued_on <= scope.period.last)


def _booked(scope: Scope, table: Any) -> tuple[ColumnElement[bool], ...]:
    """Rows that fall on the day of their booking."""
    highest = scope.extent.allocation if table is Allocation else scope.extent.credit
    return (*_own(scope, table), table.id <= highest, table.kind != IMPORTED)


def statement_named(public_id: str) -> tuple[Statement, Scope]:
    """Any statement with what it reads, for the printer. One statement. Raises NotFound."""
    found = db.session().scalar(select(Statement).where(Statement.public_id == public_id))
    if found is None:
        raise NotFound
    extent = Extent(found.last_invoice, found.last_allocation, found.last_credit)
    period = Period(found.first_day, found.last_day)
    return found, Scope(found.account_id, found.currency, found.timezone, period, extent)
