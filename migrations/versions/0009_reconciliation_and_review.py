"""reconciliation with the processor, and the review of payments that were set aside

Revision ID: 0009
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reconciliation",
        sa.Column("id", whole, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.Column("running", sa.String(length=4), nullable=True),
        sa.Column("lease_by", sa.String(length=32), nullable=False),
        sa.Column("lease_until", sa.String(27), nullable=False),
        sa.Column("there_payments", whole, nullable=False),
        sa.Column("there_refunds", whole, nullable=False),
        sa.Column("there_disputes", whole, nullable=False),
        sa.Column("here_payments", whole, nullable=False),
        sa.Column("here_refunds", whole, nullable=False),
        sa.Column("here_disputes", whole, nullable=False),
        sa.Column("strangers", whole, nullable=False),
        sa.Column("events_taken_in", whole, nullable=False),
        sa.Column("mended", whole, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("running"),
    )
    with op.batch_alter_table("reconciliation") as table:
        table.create_index("ix_reconciliation_finished", ["finished_at", "id"], unique=False)
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", whole, nullable=False),
        sa.Column("reconciliation_id", whole, nullable=False),
        sa.Column("about", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("payment", sa.String(length=32), nullable=False),
        sa.Column("ours", sa.String(length=120), nullable=False),
        sa.Column("theirs", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("reconciliation_difference") as table:
        table.create_index("ix_reconciliation_difference", ["reconciliation_id", "id"], unique=False)
    op.create_table(
        "payment_review",
        sa.Column("payment_id", whole, nullable=False),
        sa.Column("asked", whole, nullable=False),
        sa.Column("asked_currency", sa.String(length=3), nullable=False),
        sa.Column("set_aside_at", sa.String(27), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.Column("session_id", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("amount", whole, nullable=True),
        sa.Column("received", whole, nullable=True),
        sa.Column("refunded", whole, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("intent_id", sa.String(length=120), nullable=True),
        sa.Column("card_brand", sa.String(length=20), nullable=False),
        sa.Column("card_last4", sa.String(length=4), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("credited", whole, nullable=False),
        sa.Column("decided_by", whole, nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.PrimaryKeyConstraint("payment_id"),
    )


def downgrade() -> None:
    op.drop_table("payment_review")
    op.drop_table("reconciliation_difference")
    op.drop_table("reconciliation")
