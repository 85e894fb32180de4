"""money that leaves again: refunds, disputes, returned debits

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(27)


def upgrade() -> None:
    _create_refunds()
    op.create_table(
        "dispute",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("payment_id", WHOLE, nullable=False),
        sa.Column("processor_dispute", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("takes", WHOLE, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("answer_by", INSTANT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("processor_dispute"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_dispute_payment", "dispute", ["payment_id", "id"])
    op.create_table(
        "incoming_return",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("incoming_id", WHOLE, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("booked_by", WHOLE, nullable=False),
        sa.Column("booked_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["booked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming_payment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incoming_id"),
    )
    _index_where("ix_allocation_payment", "allocation", "payment_id", "payment_id IS NOT NULL")
    _index_where("ix_credit_payment", "credit_entry", "payment_id", "payment_id IS NOT NULL")


def _create_refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("payment_id", WHOLE, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("requested_by", WHOLE, nullable=True),
        sa.Column("form_key", sa.String(length=40), nullable=True),
        sa.Column("decided_by", WHOLE, nullable=True),
        sa.Column("processor_refund", sa.String(length=120), nullable=True),
        sa.Column("failure", sa.String(length=60), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("check_at", INSTANT, nullable=True),
        sa.Column("checks", WHOLE, nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_refund_amount"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("processor_refund", name="ux_refund_processor"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("requested_by", "form_key", name="ux_refund_form"),
    )
    op.create_index("ix_refund_payment", "refund", ["payment_id", "id"])
    _index_where("ix_refund_check", "refund", "check_at", "check_at IS NOT NULL")
    _index_where("ix_refund_waiting", "refund", "id", "state = 'awaiting_approval'")
    op.create_table(
        "refund_part",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("refund_id", WHOLE, nullable=False),
        sa.Column("invoice_id", WHOLE, nullable=True),
        sa.Column("amount", WHOLE, nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_refund_part_amount"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"]),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("refund_id", "invoice_id", name="ux_refund_part"),
    )


def _index_where(name: str, table: str, column: str, where: str) -> None:
    """A partial index, with the same predicate on both databases."""
    op.create_index(name, table, [column], postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_credit_payment", "credit_entry")
    op.drop_index("ix_allocation_payment", "allocation")
    for table in ("incoming_return", "dispute", "refund_part", "refund"):
        op.drop_table(table)
