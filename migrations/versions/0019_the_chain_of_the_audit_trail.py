"""the audit trail as a chain that nobody can change unnoticed

Revision ID: 0019
Revises: 0018
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PAGE = 1000
SAID = ("at", "actor", "action", "subject", "account_id", "detail")
ON_SQLITE = (
    """CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    # INSERT OR REPLACE takes the old row away without asking the trigger of deletions.
    """CREATE TRIGGER audit_entry_not_replaced BEFORE INSERT ON audit_entry
       WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
)
ON_POSTGRESQL = (
    """CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE OR DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit()""",
    """CREATE TRIGGER audit_entry_kept BEFORE TRUNCATE ON audit_entry
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()""",
)


def upgrade() -> None:
    """What is there is numbered anew without gaps, in its order, and chained.

    A later migration that makes this table anew on SQLite has to make its triggers anew too.
    """
    op.create_table(
        "chained_entry",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        *_columns(),
        sa.Column("previous_seal", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("entries", WHOLE, nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_audit_head"),
        sa.PrimaryKeyConstraint("id"),
    )
    _chain(op.get_bind())
    _take_the_place("chained_entry")
    op.create_index("ix_audit_subject", "audit_entry", ["subject", "id"])
    op.create_index("ix_audit_account", "audit_entry", ["account_id", "id"])
    op.create_index("ix_audit_actor", "audit_entry", ["actor", "id"])
    op.create_index("ix_audit_at", "audit_entry", ["at"])
    for statement in ON_POSTGRESQL if _is_postgresql() else ON_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """The entries stay, without what chains them."""
    op.create_table(
        "plain_entry",
        sa.Column("id", WHOLE, nullable=False),
        *_columns(),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    said = ", ".join(("id", *SAID))
    op.execute(f"INSERT INTO plain_entry ({said}) SELECT {said} FROM audit_entry ORDER BY id")  # noqa: S608 (constants)
    _take_the_place("plain_entry")
    if _is_postgresql():
        op.execute("DROP FUNCTION refuse_change_of_audit()")
        sequence = "pg_get_serial_sequence('audit_entry', 'id')"
        op.execute(f"SELECT setval({sequence}, coalesce(max(id), 0) + 1, false) FROM audit_entry")  # noqa: S608 (constant)
    op.create_index("ix_audit_subject", "audit_entry", ["subject", "id"])
    op.drop_table("audit_head")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("account_id", WHOLE, nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
    ]


def _take_the_place(table: str) -> None:
    """The new table under the old one's name; triggers and indexes go with the old one."""
    op.drop_table("audit_entry")
    op.rename_table(table, "audit_entry")
    if _is_postgresql():
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO audit_entry_pkey")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _chain(connection: sa.Connection) -> None:
    """Copy all entries, a page at a time. The seal is made as the program of this version makes it."""
    former = sa.table("audit_entry", *map(sa.column, ("id", *SAID)))
    chained = sa.table("chained_entry", *map(sa.column, ("id", *SAID, "previous_seal", "seal")))
    head = sa.table("audit_head", *map(sa.column, ("id", "entries", "seal")))
    number, seal, behind = 0, bytes(32), -1
    while rows := connection.execute(
        sa.select(former).where(former.c.id > behind).order_by(former.c.id).limit(PAGE)
    ).mappings().all():  # fmt: skip
        copies = []
        for row in rows:
            number, previous, seal = number + 1, seal, _seal(number + 1, row, seal)
            copies.append(dict(row) | {"id": number, "previous_seal": previous, "seal": seal})
        connection.execute(sa.insert(chained), copies)
        behind = rows[-1]["id"]
    if number:
        connection.execute(sa.insert(head), {"id": 1, "entries": number, "seal": seal})


def _seal(number: int, row: Any, previous: bytes) -> bytes:
    covered = {
        "form": 1,
        "id": number,
        "at": row["at"],
        "actor": row["actor"],
        "action": row["action"],
        "subject": row["subject"],
        "account": row["account_id"],
        "detail": hashlib.sha256(row["detail"]).hexdigest(),
        "previous": previous.hex(),
    }
    # For these values it is the form of RFC 8785, which the program asks a library for.
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()
