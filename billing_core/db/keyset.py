"""Pages of long lists: a page begins behind the key of a row, so that the thousandth costs what the first one does.

No page number and no count; one statement each. A cursor that makes no sense shows the first page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from billing_core import db
from billing_core.db.types import Instant

T = TypeVar("T")

SIZE = 20
"""Rows of one page."""


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page of a list, and the cursors of its neighbours where there are any."""

    rows: list[T]
    previous: str | None
    following: str | None


@dataclass(frozen=True)
class Key:
    """The columns that order a list, all in one direction; together they are unique."""

    columns: tuple[InstrumentedAttribute[Any], ...]
    descending: bool = False

    def cursor(self, row: Any) -> str:
        """The place of a row, for an address."""
        return "~".join(_spell(getattr(row, column.key)) for column in self.columns)

    def place(self, cursor: str) -> tuple[Any, ...] | None:
        """What a cursor names; none where it is not one of this list."""
        parts = cursor.split("~")
        if len(parts) != len(self.columns):
            return None
        try:
            return tuple(_read(part, column) for part, column in zip(parts, self.columns, strict=True))
        except (ValueError, OverflowError):
            return None


def page_of(rows: Select[T], key: Key, after: str, before: str, size: int = SIZE) -> Slice[T]:
    """The page behind `after`, or the one ahead of `before`; without either the first one."""
    ahead = key.place(before) if before else None
    behind = key.place(after) if after and ahead is None else None
    backwards = ahead is not None
    place = ahead or behind
    if place is not None:
        rows = rows.where(_beyond(key, place, backwards=backwards))
    falling = key.descending != backwards
    order = [column.desc() if falling else column.asc() for column in key.columns]
    found = list(db.session().scalars(rows.order_by(*order).limit(size + 1)))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_previous, has_following = (more, bool(found)) if backwards else (place is not None, more)
    return Slice(
        found,
        key.cursor(found[0]) if found and has_previous else None,
        key.cursor(found[-1]) if found and has_following else None,
    )


def _beyond(key: Key, place: tuple[Any, ...], *, backwards: bool) -> Any:
    columns = tuple_(*key.columns)
    values = tuple_(*(literal(value, column.type) for value, column in zip(place, key.columns, strict=True)))
    return columns < values if key.descending != backwards else columns > values


def _spell(value: Any) -> str:
    return value.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f") if isinstance(value, datetime) else str(value)


def _read(text: str, column: InstrumentedAttribute[Any]) -> Any:
    if isinstance(column.type, Instant):
        return datetime.strptime(text, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    readers: dict[type, Callable[[str], Any]] = {date: date.fromisoformat, int: _read_number}
    return readers[column.type.python_type](text)


def _read_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)
