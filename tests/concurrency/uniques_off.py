"""Takes the unique constraints off empty tables, so that a control shows what would happen without any guard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from billing_core import db

DEFINITION = "SELECT pg_get_indexdef(CAST(:name AS regclass))"


@contextmanager
def without_uniques(*tables: str) -> Iterator[None]:
    """The tables without their unique constraints and indexes; on PostgreSQL emptied and put in order afterwards.

    The file of SQLite belongs to one test alone, so nothing is put back there.
    """
    with db.engine().connect() as connection:
        is_postgres = db.engine().dialect.name == "postgresql"
        if not is_postgres:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
        restoring = [
            statement for table in tables for statement in (_drop if is_postgres else _remake)(connection, table)
        ]
        connection.commit()
    yield
    if is_postgres:
        with db.engine().begin() as connection:
            for statement in (*(f"TRUNCATE {table} CASCADE" for table in tables), *restoring):
                connection.execute(text(statement))


def _drop(connection: Connection, table: str) -> list[str]:
    """On PostgreSQL, by their names; the statements that bring them back."""
    restoring = []
    for unique in inspect(connection).get_unique_constraints(table):
        columns = ", ".join(unique["column_names"])
        restoring.append(f"ALTER TABLE {table} ADD CONSTRAINT {unique['name']} UNIQUE ({columns})")
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {unique['name']}"))
    inspect(connection).clear_cache()
    for index in inspect(connection).get_indexes(table):
        if index["unique"] and not index.get("duplicates_constraint"):
            restoring.append(str(connection.execute(text(DEFINITION), {"name": index["name"]}).scalar_one()))
            connection.execute(text(f"DROP INDEX {index['name']}"))
    return restoring


def _remake(connection: Connection, table: str) -> list[str]:
    """SQLite has to make the table anew; its indexes go with the old one."""
    found = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    statement: str = connection.execute(found, {"name": table}).scalar_one()
    connection.execute(text(f"DROP TABLE {table}"))
    connection.execute(text(re.sub(r",\s*(CONSTRAINT \w+ )?UNIQUE \([^)]*\)", "", statement)))
    return []
