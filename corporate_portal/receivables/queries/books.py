"""The day-end report of a seller, and the rows behind each of its figures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, not_, or_, select

from billing_core import db
from billing_core.errors import NotFound
from billing_core.ledger import closing
from billing_core.ledger.closing import CREDIT, DISPUTE, RECEIVABLES, REFUND, Books, Side, way_of
from billing_core.ledger.models import Allocation, CreditEntry
from billing_core.permissions import Viewer, demand_staff
from billing_core.sellers.models import Seller
from corporate_portal.receivables.books import lines, rows
from corporate_portal.receivables.books.lines import ALL, MONEY, NO_MONEY, OTHER, WAYS, Figure, Line
from corporate_portal.receivables.books.rows import Movement, Place, Scope

_INSTANT = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class DayEnd:
    """One day of a seller's books in one currency. Amounts are smallest units."""

    books: Books
    receivables: Side
    credit: Side

    @property
    def receivable_figures(self) -> list[Figure]:
        """What changed what is owed."""
        return lines.figures(RECEIVABLES, self.receivables)

    @property
    def credit_figures(self) -> list[Figure]:
        """What changed account credit."""
        return lines.figures(CREDIT, self.credit)

    @property
    def money_figures(self) -> list[Figure]:
        """What came in by each way, and what left again."""
        return lines.money_figures(self.receivables, self.credit)

    @property
    def money(self) -> int:
        """What is in the house more than before."""
        return sum(figure.amount for figure in self.money_figures)

    @property
    def agrees(self) -> bool:
        """Both ways come to the same closing figures."""
        return not (self.receivables.difference or self.credit.difference)


def sellers(viewer: Viewer) -> Sequence[Seller]:
    """All of them, by code, for finance alone. One statement. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    return db.session().scalars(select(Seller).order_by(Seller.code)).all()


def day_end(books: Books) -> DayEnd:
    """One statement."""
    return DayEnd(books, *closing.close(books))


def line_named(key: str) -> Line:
    """The line of the report that an address names. Raises NotFound."""
    found = next((line for line in ALL if line.key == key), None)
    if found is None:
        raise NotFound
    return found


def behind(books: Books, line: Line, after: str) -> tuple[list[Movement], str | None]:
    """A page of the rows that a figure sums up, as they were booked, and the cursor of the next. Six statements.

    A page ends where one of the tables has more rows than are read at once.
    """
    scope = Scope(books.seller_id, books.zone, books.day, books.day, rows.extent(), books.currency)
    table, place = _read(after, books.day)
    shown: list[Movement] = []
    for position, part in enumerate((_documents, _allocated, _credited)):
        if position < table:
            continue
        found = part(scope, line, place if position == table else None)
        shown += [one for one in found if position or one.kind in line.kinds]
        if len({one.id for one in found}) >= rows.AT_A_TIME:
            return shown, _spell(position, found[-1])
    return shown, None


def _spell(position: int, last: Movement) -> str:
    instant = last.at.astimezone(UTC).strftime(_INSTANT) if last.at else ""
    return f"{position}~{instant}~{last.id}"


def _read(cursor: str, day: date) -> tuple[int, Place | None]:
    """The place that a cursor names; the beginning where it makes no sense."""
    parts = cursor.split("~")
    if len(parts) != 3 or parts[0] not in ("0", "1", "2") or not re.fullmatch("[0-9]{1,18}", parts[2]):
        return 0, None
    try:
        at = datetime.strptime(parts[1], _INSTANT).replace(tzinfo=UTC) if parts[0] != "0" else None
    except ValueError:
        return 0, None
    return int(parts[0]), Place(day, at, int(parts[2]))


def _documents(scope: Scope, line: Line, after: Place | None) -> list[Movement]:
    is_of_documents = line.side == RECEIVABLES and line.kinds & {closing.INVOICE, closing.IMPORTED}
    return rows.invoices(scope, after) if is_of_documents else []


def _allocated(scope: Scope, line: Line, after: Place | None) -> list[Movement]:
    return rows.allocations(scope, after, _is_on(line, RECEIVABLES, Allocation))


def _credited(scope: Scope, line: Line, after: Place | None) -> list[Movement]:
    return rows.credits_(scope, after, _is_on(line, CREDIT, CreditEntry))


def _is_on(line: Line, side: str, table: Any) -> ColumnElement[bool]:
    """Whether a row of this table stands on the line: the same as lines.line_of and lines.money_line_of, in SQL."""
    if line.side == MONEY:
        return _is_money_on(line, table)
    if line.side != side:
        return false()
    if line.name != OTHER:
        return table.kind.in_(sorted(line.kinds))  # type: ignore[no-any-return]
    named = {kind for other in lines.LINES if other.side == side for kind in other.kinds}
    return not_(or_(false(), table.kind.in_(sorted(named))))


def _is_money_on(line: Line, table: Any) -> ColumnElement[bool]:
    way, is_money = way_of(table), table.kind.not_in(sorted(NO_MONEY))
    if line.name == "returns":
        return and_(is_money, table.kind == "returned")
    is_money = and_(is_money, table.kind != "returned")
    named = {"refunds": REFUND, "disputes": DISPUTE}
    if line.name == OTHER:
        return and_(is_money, not_(or_(way.in_(WAYS), way.in_((REFUND, DISPUTE)))))
    return and_(is_money, way == literal(named.get(line.name, line.name)))
