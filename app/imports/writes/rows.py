"""Insert or update rows by source and external id, and remember what was written."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.imports.book import Facts, Run
from app.imports.checks.rows import fresh
from app.imports.columns import Day
from app.imports.csv_file import CsvFile
from app.imports.models import ImportedRow
from app.imports.staging import Row
from billing_core import audit, db

ACTOR = "import"
"""The name under which the audit trail knows the import."""


@dataclass(frozen=True)
class Written:
    """One row that was put into a table. `changed` holds the old values of the attributes that differ from before."""

    row: Row
    item: Any
    is_new: bool
    changed: dict[str, Any]


def facts_of(file: CsvFile, row: Row, *, is_new: bool) -> Facts:
    """The row's values with days as dates. Columns that the file lacks have their default in a new row only."""
    values: Facts = {column.name: column.default for column in file.columns} if is_new else {}
    values |= row.values or {}
    for column in file.columns:
        if isinstance(column.type, Day) and values.get(column.name) is not None:
            values[column.name] = date.fromisoformat(values[column.name])
    return values


def upsert(
    run: Run, file: CsvFile, table: Any, chunk: list[Row], attributes: Callable[[Facts, bool], Facts]
) -> list[Written]:
    """Write the fresh rows of a chunk. `attributes` turns a row's values, and whether it is new, into the table's."""
    rows = fresh(run, file, chunk)
    mine = select(table).where(table.source == run.source, table.external_id.in_([row.key for row in rows]))
    present = {item.external_id: item for item in db.session().scalars(mine)}
    written = []
    for row in rows:
        item = present.get(row.key)
        is_new = item is None
        wanted = attributes(facts_of(file, row, is_new=is_new), is_new)
        if item is None:
            item = table(source=run.source, external_id=row.key, **wanted)
            db.session().add(item)
            written.append(Written(row, item, True, {}))
        else:
            written.append(Written(row, item, False, change(item, wanted)))
    db.session().flush()
    remember(run, file, [(row.key, row.sha256) for row in rows])
    return written


def write_by_key(
    run: Run,
    file: CsvFile,
    table: Any,
    rows: list[tuple[Row, Facts]],
    keys: list[tuple[Any, ...]],
    present: dict[tuple[Any, ...], Any],
) -> int:
    """Rows that have no name of their own, only what they are about. How many were added."""
    added = 0
    for (row, values), key in zip(rows, keys, strict=True):
        item = present.get(key)
        changed: dict[str, Any] = {}
        if item is None:
            db.session().add(table(**values))
            added += 1
        else:
            changed = change(item, values)
        record(file.name.removesuffix("s.csv"), row.key.replace("\x1f", "/"), item is None, changed)
    remember(run, file, [(row.key, row.sha256) for row, _ in rows])
    return added


def record(what: str, name: str, is_new: bool, changed: dict[str, Any]) -> None:
    """Put an addition or a change into the audit trail; `changed` holds the old values."""
    if is_new:
        audit.record(ACTOR, f"{what}.imported", f"{what}:{name}"[:64])
    elif changed:
        before = {column: _plain(value) for column, value in changed.items()}
        audit.record(ACTOR, f"{what}.changed", f"{what}:{name}"[:64], before=before)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def change(item: Any, wanted: Facts) -> dict[str, Any]:
    """Give the object its new values; the old ones of those that differ."""
    before = {name: getattr(item, name) for name, value in wanted.items() if getattr(item, name) != value}
    for name in before:
        setattr(item, name, wanted[name])
    return before


def remember(run: Run, file: CsvFile, rows: Iterable[tuple[str, str]]) -> None:
    """Note keys and fingerprints, so that the same content is skipped the next time."""
    values = [{"source": run.source, "file": file.name, "key": key, "sha256": sha256} for key, sha256 in rows]
    if not values:
        return
    note = db.upsert(ImportedRow).values(values)
    note = note.on_conflict_do_update(index_elements=["source", "file", "key"], set_={"sha256": note.excluded.sha256})
    db.session().execute(note)


def counted(written: Collection[Written]) -> tuple[int, int]:
    """How many rows were added and how many updated."""
    added = sum(one.is_new for one in written)
    return added, len(written) - added


def ids(run: Run, table: Any, keys: Iterable[str | None]) -> dict[str, int]:
    """The row ids of references."""
    wanted = {key for key in keys if key is not None}
    found = select(table.external_id, table.id).where(table.source == run.source, table.external_id.in_(wanted))
    return {row.external_id: row.id for row in db.session().execute(found)}
