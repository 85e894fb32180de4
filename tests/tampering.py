"""What somebody with all rights over the database does to the audit trail: the guards go, then the rows change."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from billing_core import db

GUARDS = ("audit_entry_unchanged", "audit_entry_kept", "audit_entry_not_replaced")
"""The triggers of SQLite; PostgreSQL has a switch for its superuser."""


def unguard(kind: str) -> tuple[str, ...]:
    """The statements that let the present transaction change entries; a rollback brings the guards back."""
    if kind == "postgresql":
        return ("SET LOCAL session_replication_role = replica",)
    return tuple(f"DROP TRIGGER IF EXISTS {name}" for name in GUARDS)


@contextmanager
def unguarded() -> Iterator[Connection]:
    """A transaction in which the audit trail can be changed. It is committed, and the guards are there again."""
    kind = db.engine().dialect.name
    with db.engine().begin() as connection:
        found = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        guards = connection.scalars(text(found)).all() if kind == "sqlite" else []
        for statement in unguard(kind):
            connection.execute(text(statement))
        yield connection
        for guard in guards:
            connection.exec_driver_sql(guard)
