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
    """Each migration in a transaction of its own; batch mode, since SQLite cannot alter a column."""
    with db.engine().connect() as connection:
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
        connection.commit()


run()
