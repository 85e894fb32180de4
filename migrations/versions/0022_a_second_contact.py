"""two contacts accept a quote above an amount of the account

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = "state IN ('sent', 'change_requested')"
OPEN_OR_WAITING = "state IN ('sent', 'change_requested', 'awaiting_second_contact')"
STANDING = "refused_at IS NULL"


def upgrade() -> None:
    """No account has a rule before somebody enters one."""
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("second_above", WHOLE, nullable=True))
    op.create_table(
        "quote_first_acceptance",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("version_id", WHOLE, nullable=False),
        sa.Column("person_id", WHOLE, nullable=False),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("function", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", sa.String(27), nullable=False),
        sa.Column("above", WHOLE, nullable=True),
        sa.Column("po_number", sa.String(length=100), nullable=False),
        sa.Column("po_expires_on", sa.Date(), nullable=True),
        sa.Column("admin_member", sa.String(length=32), nullable=False),
        sa.Column("admin_name", sa.String(length=120), nullable=False),
        sa.Column("admin_email", sa.String(length=254), nullable=False),
        sa.Column("payment", sa.String(length=8), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("refused_at", sa.String(27), nullable=True),
        sa.Column("refused_by_id", WHOLE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["refused_by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["quote_version.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_quote_first_acceptance_version_id", "quote_first_acceptance", ["version_id"])
    op.create_index(
        "ux_quote_first_acceptance", "quote_first_acceptance", ["version_id"], unique=True,
        sqlite_where=sa.text(STANDING), postgresql_where=sa.text(STANDING),
    )  # fmt: skip
    _index_expiring(OPEN_OR_WAITING)


def downgrade() -> None:
    """What waits for a second contact waits for a first one again; the first acceptances are forgotten."""
    _index_expiring(OPEN)
    op.execute("UPDATE quote_version SET state = 'sent' WHERE state = 'awaiting_second_contact'")
    op.drop_table("quote_first_acceptance")
    with op.batch_alter_table("account") as table:
        table.drop_column("second_above")


def _index_expiring(which: str) -> None:
    op.drop_index("ix_quote_expiring", "quote_version")
    op.create_index(
        "ix_quote_expiring", "quote_version", ["expires_at"],
        sqlite_where=sa.text(which), postgresql_where=sa.text(which),
    )  # fmt: skip
