"""The staging area: the rows of one import in a private temporary file, so that memory stays flat however many come.

Rows are put down as they are read, then looked up and read again by file, in the order of their lines. What must be
unique across rows is claimed here by its first row.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.imports.columns import Value

CHUNK = 500
"""So many rows are in memory at once."""


_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE staged (
    file TEXT, key TEXT, line INTEGER, owner TEXT, sha256 TEXT, body TEXT, PRIMARY KEY (file, key)
);
CREATE INDEX staged_line ON staged (file, line);
CREATE INDEX staged_owner ON staged (file, owner) WHERE owner <> '';
CREATE TABLE claim (scope TEXT, value TEXT, key TEXT, line INTEGER, PRIMARY KEY (scope, value));
"""


@dataclass(frozen=True)
class Row:
    """One row. `values` holds only the columns of the file's header; it is None where a cell of the row is wrong."""

    file: str
    key: str
    line: int
    owner: str
    """Of a line: the key of the row that it is part of."""
    sha256: str
    values: dict[str, Value] | None


class Staging:
    """The rows of one run."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.executescript(_SCHEMA)

    def put(self, row: Row) -> int | None:
        """Put the row down. Where its key was there before, the line of that row, and nothing changes."""
        body = None if row.values is None else json.dumps(row.values, ensure_ascii=False)
        insert = "INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        put = self._database.execute(insert, (row.file, row.key, row.line, row.owner, row.sha256, body))
        if put.rowcount:
            return None
        found = self._database.execute("SELECT line FROM staged WHERE file = ? AND key = ?", (row.file, row.key))
        first: int = found.fetchone()[0]
        return first

    def claim(self, scope: str, value: str, key: str, line: int) -> int | None:
        """Claim a value that only one row may have. Where another row was first, that one's line."""
        insert = "INSERT INTO claim VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if self._database.execute(insert, (scope, value, key, line)).rowcount:
            return None
        found = self._database.execute("SELECT key, line FROM claim WHERE scope = ? AND value = ?", (scope, value))
        first_key, first_line = found.fetchone()
        return None if first_key == key else int(first_line)

    def count(self, file: str) -> int:
        """How many rows of the file are there."""
        counted: int = self._database.execute("SELECT COUNT(*) FROM staged WHERE file = ?", (file,)).fetchone()[0]
        return counted

    def chunks(self, file: str) -> Iterator[list[Row]]:
        """The rows of a file by line, CHUNK at a time."""
        last = 0
        select = "SELECT * FROM staged WHERE file = ? AND line > ? ORDER BY line LIMIT ?"
        while rows := [_row(found) for found in self._database.execute(select, (file, last, CHUNK))]:
            yield rows
            last = rows[-1].line

    def find(self, file: str, keys: Iterable[str]) -> dict[str, Row]:
        """The rows of those keys."""
        wanted = json.dumps(sorted(set(keys)))
        select = "SELECT * FROM staged WHERE file = ? AND key IN (SELECT value FROM json_each(?))"
        return {row.key: row for row in map(_row, self._database.execute(select, (file, wanted)))}

    def begun_by(self, file: str, firsts: Iterable[str]) -> list[Row]:
        """The rows whose key has one of those texts as its first part, by line."""
        wanted = json.dumps(sorted(set(firsts)))
        first = "substr(key, 1, instr(key, char(31)) - 1)"
        select = f"SELECT * FROM staged WHERE file = ? AND {first} IN (SELECT value FROM json_each(?)) ORDER BY line"  # noqa: S608
        return [_row(found) for found in self._database.execute(select, (file, wanted))]

    def parts_of(self, file: str, owners: Iterable[str]) -> dict[str, list[Row]]:
        """The lines that are part of those rows, by line."""
        wanted = json.dumps(sorted(set(owners)))
        select = (
            "SELECT * FROM staged WHERE file = ? AND owner <> '' AND owner IN (SELECT value FROM json_each(?)) "
            "ORDER BY line"
        )
        parts: dict[str, list[Row]] = {}
        for row in map(_row, self._database.execute(select, (file, wanted))):
            parts.setdefault(row.owner, []).append(row)
        return parts


def _row(found: tuple[str, str, int, str, str, str | None]) -> Row:
    file, key, line, owner, sha256, body = found
    return Row(file, key, line, owner, sha256, None if body is None else json.loads(body))


@contextmanager
def staging() -> Iterator[Staging]:
    """A staging area that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-import-") as folder:
        database = sqlite3.connect(Path(folder) / "staging.sqlite", isolation_level=None)
        try:
            yield Staging(database)
        finally:
            database.close()
