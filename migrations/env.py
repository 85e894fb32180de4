"""Run the migrations on the engine that the program has configured."""

from alembic import context

from app.tables import metadata
from billing_core import db


def run() -> None:
    """One transaction per migration; batch mode, since SQLite cannot alter a column."""
    given = context.config.attributes.get("connection")
    if given is not None:
        context.configure(connection=given, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    with db.engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
