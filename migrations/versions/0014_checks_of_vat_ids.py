"""checks of VAT IDs

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'unavailable')")


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "vat_check",
        sa.Column("id", whole, nullable=False),
        sa.Column("account_id", whole, nullable=False),
        sa.Column("vat_id", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("tries", whole, nullable=False),
        sa.Column("tried_at", sa.String(27), nullable=True),
        sa.Column("trouble", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("consultation", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'unavailable', 'confirmed', 'unknown', 'replaced')", name="ck_vat_check_state"
        ),
        sa.CheckConstraint("(state IN ('waiting', 'unavailable')) = (decided_at IS NULL)", name="ck_vat_check_decided"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_vat_check_open", "vat_check", ["account_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_vat_check_account", "vat_check", ["account_id", "id"])
    confirmed = sa.text("vat_confirmed_at IS NOT NULL")
    op.create_index(
        "ix_account_vat_confirmed", "account", ["vat_confirmed_at"],
        sqlite_where=confirmed, postgresql_where=confirmed,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_account_vat_confirmed", table_name="account")
    op.drop_table("vat_check")
