"""What a test sees of the database from outside: the statements that ran, and all that is stored."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select

from app import tables
from billing_core import db

_HOUSEKEEPING = ("BEGIN", "PRAGMA", "SET TRANSACTION")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every SQL statement that runs in the block, but for the housekeeping of transactions."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(_HOUSEKEEPING):
            seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def writes(seen: list[str]) -> list[str]:
    """Those of the statements that change rows."""
    return [one for one in seen if one.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "WITH"))]


def rows(without: Collection[str] = ()) -> dict[str, list[str]]:
    """Everything that is stored, by table, but for the tables `without`."""
    with db.reading() as session:
        return {
            table.name: sorted(json.dumps([str(value) for value in row]) for row in session.execute(select(table)))
            for table in tables.metadata.sorted_tables
            if table.name not in without
        }
