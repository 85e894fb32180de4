"""money booked by finance

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "incoming_payment",
        sa.Column("id", whole, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", whole, nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("amount", whole, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("booked_by", whole, nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("booked_at", sa.String(27), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_incoming_payment_amount"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["booked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("booked_by", "form_key", name="ux_incoming_payment_form"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("incoming_payment") as table:
        table.create_index("ix_incoming_payment_account", ["account_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("incoming_payment")
