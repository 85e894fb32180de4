"""Run the migrations on the engine that the program has configured."""

from typing import Any, Literal

from alembic import context

from app.tables import metadata
from billing_core import db
from billing_core.db import Instant


def spell_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration says what is stored, not what our code makes of it: an instant is text of fixed width."""
    return "sa.String(27)" if kind == "type" and isinstance(item, Instant) else False


def run() -> None:
    """All or nothing. Batch mode, since SQLite cannot alter a column: it copies the table and drops the old one.

    SQLite takes that dropping for a deletion of rows that others point to, so foreign keys are checked afterwards.
    """
    with db.engine().connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                render_as_batch=True,
                render_item=spell_type,
                compare_type=True,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise RuntimeError("the migration left rows that point to nothing")
            connection.commit()
        finally:
            connection.rollback()
            if is_sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")


run()
