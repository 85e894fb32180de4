"""Column types that mean the same on SQLite and PostgreSQL."""

import secrets
import unicodedata
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Index, String, text
from sqlalchemy.types import TypeDecorator

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that reads like something else


def public_id(prefix: str) -> str:
    """A random name for the outside, 80 bits: it can be neither guessed nor counted."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(16))


class Instant(TypeDecorator[datetime]):
    """A UTC instant with microseconds, stored as text of fixed width, so that both databases sort and compare it alike.

    Naive datetimes are refused: a wall clock without its zone is not an instant.
    """

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The stored text. Raises ValueError for a naive datetime."""
        return None if value is None else self.spell(value)

    @staticmethod
    def spell(value: datetime) -> str:
        """The text of an instant. Raises ValueError for a naive datetime."""
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The aware datetime in UTC."""
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def folded(value: str) -> str:
    """The form in which names are searched: NFKC and case-folded in Python, since SQLite's lower() leaves Ä."""
    return unicodedata.normalize("NFKC", value).casefold()


def is_storable(typed: str) -> bool:
    """Whether a name can exist at all: PostgreSQL takes no text with NUL."""
    return "\x00" not in typed


def searchable(typed: str) -> str:
    """What was typed, in the form in which names are searched; what cannot be seen finds nothing."""
    return folded("".join(c for c in typed if c.isprintable()).strip())[:100]


def partial_index(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """An index over some rows only, with the same predicate on both databases.

    Given for PostgreSQL alone, the predicate is dropped by SQLite and the unique index then covers every row.
    """
    predicate = text(where)
    return Index(name, *columns, unique=unique, postgresql_where=predicate, sqlite_where=predicate)
