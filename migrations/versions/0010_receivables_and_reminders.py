"""receivables and reminders

Revision ID: 0010
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("balance > 0")
UNENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "dunning",
        sa.Column("id", whole, nullable=False),
        sa.Column("account_id", whole, nullable=False),
        sa.Column("seller_id", whole, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("begun_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reminder",
        sa.Column("id", whole, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("dunning_id", whole, nullable=False),
        sa.Column("step", whole, nullable=False),
        sa.Column("tone", sa.String(length=8), nullable=False),
        sa.Column("oldest_due_on", sa.Date(), nullable=False),
        sa.Column("total", whole, nullable=False),
        sa.Column("sent_at", sa.String(27), nullable=False),
        sa.CheckConstraint("total > 0 AND step > 0", name="ck_reminder_total"),
        sa.ForeignKeyConstraint(["dunning_id"], ["dunning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dunning_id", "step", name="ux_reminder_step"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_table(
        "reminder_item",
        sa.Column("id", whole, nullable=False),
        sa.Column("reminder_id", whole, nullable=False),
        sa.Column("invoice_id", whole, nullable=False),
        sa.Column("balance", whole, nullable=False),
        sa.CheckConstraint("balance > 0", name="ck_reminder_item_balance"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"]),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminder.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reminder_id", "invoice_id", name="ux_reminder_item"),
    )
    op.create_table(
        "reminder_mail",
        sa.Column("id", whole, nullable=False),
        sa.Column("reminder_id", whole, nullable=False),
        sa.Column("mail", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminder.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dunning_pause",
        sa.Column("id", whole, nullable=False),
        sa.Column("account_id", whole, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("begun_by", whole, nullable=False),
        sa.Column("begun_at", sa.String(27), nullable=False),
        sa.Column("ended_by", whole, nullable=True),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["begun_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, table, columns in (
        ("ux_dunning_open", "dunning", ["account_id", "seller_id", "currency"]),
        ("ux_dunning_pause_open", "dunning_pause", ["account_id"]),
    ):
        op.create_index(name, table, columns, unique=True, sqlite_where=UNENDED, postgresql_where=UNENDED)
    op.create_index("ix_dunning_account", "dunning", ["account_id", "id"])
    op.create_index("ix_dunning_pause_account", "dunning_pause", ["account_id", "id"])
    op.create_index("ix_reminder_item_invoice", "reminder_item", ["invoice_id"])
    op.create_index("ix_reminder_mail_reminder", "reminder_mail", ["reminder_id"])
    op.create_index(
        "ix_invoice_receivable", "invoice", ["currency", "due_on", "id", "account_id", "seller_id", "balance"],
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index("ix_invoice_seller", "invoice", ["seller_id", "issued_on", "id"])
    op.create_index("ix_credit_note_seller", "credit_note", ["seller_id", "issued_on", "id"])
    op.create_index("ix_allocation_booked", "allocation", ["booked_at", "id"])
    op.create_index("ix_credit_entry_booked", "credit_entry", ["booked_at", "id"])


def downgrade() -> None:
    for name, table in (
        ("ix_credit_entry_booked", "credit_entry"),
        ("ix_allocation_booked", "allocation"),
        ("ix_credit_note_seller", "credit_note"),
        ("ix_invoice_seller", "invoice"),
        ("ix_invoice_receivable", "invoice"),
    ):
        op.drop_index(name, table_name=table)
    for table in ("dunning_pause", "reminder_mail", "reminder_item", "reminder", "dunning"):
        op.drop_table(table)
