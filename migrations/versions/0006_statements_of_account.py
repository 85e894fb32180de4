"""statements of account

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "statement",
        sa.Column("id", whole, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", whole, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("last_invoice", whole, nullable=False),
        sa.Column("last_allocation", whole, nullable=False),
        sa.Column("last_credit", whole, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("bill_to", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", whole, nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name="ck_statement_period"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint", name="ux_statement_fingerprint"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("statement") as table:
        table.create_index("ix_statement_account", ["account_id", "id"], unique=False)
    with op.batch_alter_table("allocation") as table:
        table.create_index("ix_allocation_account", ["account_id", "booked_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("allocation") as table:
        table.drop_index("ix_allocation_account")
    op.drop_table("statement")
