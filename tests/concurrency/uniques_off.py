"""Takes the unique constraints off an empty table, so that a control shows what would happen without any guard."""

import re

from sqlalchemy import inspect, text

from billing_core import db


def drop_uniques(table: str) -> None:
    """On PostgreSQL by their names; SQLite has to make the table anew."""
    with db.engine().connect() as connection:
        if db.engine().dialect.name == "postgresql":
            for unique in inspect(connection).get_unique_constraints(table):
                connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {unique['name']}"))
        else:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            statement: str = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), {"name": table}
            ).scalar_one()
            connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text(re.sub(r",\s*(CONSTRAINT \w+ )?UNIQUE \([^)]*\)", "", statement)))
        connection.commit()
