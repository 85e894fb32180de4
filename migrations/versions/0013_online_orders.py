"""online orders, their subscriptions, and payments that are meant for them

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE, OPEN = sa.text("is_live"), sa.text("is_open")
TRIED = sa.text("is_trial AND source = 'online'")
PLACED = sa.text("state = 'placed'")
ORDERED = sa.text("order_id IS NOT NULL")


def upgrade() -> None:
    _make_orders()
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("is_live", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("ended_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("anchor_day", WHOLE, nullable=True))
        table.add_column(sa.Column("is_paid", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("invoice_id", WHOLE, nullable=True))
        table.add_column(sa.Column("tax_category", sa.String(length=3), nullable=False, server_default=""))
        table.add_column(sa.Column("tax_rate", WHOLE, nullable=True))
        table.create_foreign_key("fk_subscription_invoice", "invoice", ["invoice_id"], ["id"])
    with op.batch_alter_table("subscription") as table:
        for name in ("is_live", "is_paid", "tax_category"):
            table.alter_column(name, server_default=None)
    unique = {"unique": True}
    op.create_index(
        "ux_subscription_live", "subscription", ["account_id", "product_id"], sqlite_where=LIVE, postgresql_where=LIVE,
        **unique,
    )  # fmt: skip
    op.create_index(
        "ux_subscription_trial", "subscription", ["account_id", "product_id"], sqlite_where=TRIED,
        postgresql_where=TRIED, **unique,
    )  # fmt: skip
    with op.batch_alter_table("credit_note") as table:
        table.add_column(sa.Column("stays_credit", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("credit_note") as table:
        table.alter_column("stays_credit", server_default=None)
    with op.batch_alter_table("payment") as table:
        table.add_column(sa.Column("return_path", sa.String(length=120), nullable=False, server_default=""))
    with op.batch_alter_table("payment") as table:
        table.alter_column("return_path", server_default=None)
    with op.batch_alter_table("payment_target") as table:
        table.add_column(sa.Column("order_id", WHOLE, nullable=True))
        table.alter_column("invoice_id", existing_type=WHOLE, nullable=True)
        table.create_foreign_key("fk_payment_target_order", "online_order", ["order_id"], ["id"])
        table.create_check_constraint("ck_payment_target_purpose", "invoice_id IS NOT NULL OR order_id IS NOT NULL")
    op.create_index(
        "ux_payment_target_order", "payment_target", ["order_id"], sqlite_where=ORDERED, postgresql_where=ORDERED,
        **unique,
    )  # fmt: skip


def _make_orders() -> None:
    op.create_table(
        "online_order",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("placed_by", WHOLE, nullable=False),
        sa.Column("contact_id", WHOLE, nullable=True),
        sa.Column("form_key", sa.String(length=60), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("net", "tax", "total", "credit_used", "asked", "rest")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("invoice_id", WHOLE, nullable=True),
        sa.Column("credit_note_id", WHOLE, nullable=True),
        sa.Column("placed_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.CheckConstraint("total = net + tax", name="ck_online_order_total"),
        sa.CheckConstraint("credit_used >= 0 AND asked >= 0 AND rest >= 0", name="ck_online_order_parts"),
        sa.CheckConstraint(
            "credit_used + asked + rest = CASE WHEN total > 0 THEN total ELSE 0 END", name="ck_online_order_due"
        ),
        sa.CheckConstraint("invoice_id IS NULL OR credit_note_id IS NULL", name="ck_online_order_document"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["placed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["contact_id"], ["billing_contact.id"]),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"]),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_note.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("invoice_id"),
        sa.UniqueConstraint("credit_note_id"),
        sa.UniqueConstraint("placed_by", "form_key", name="ux_online_order_form"),
    )
    op.create_index("ix_online_order_account", "online_order", ["account_id", "id"])
    op.create_index(
        "ix_online_order_placed", "online_order", ["account_id"], sqlite_where=PLACED, postgresql_where=PLACED
    )
    op.create_table(
        "online_order_line",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("order_id", WHOLE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("product_id", WHOLE, nullable=False),
        sa.Column("subscription_id", WHOLE, nullable=True),
        sa.Column("based_on", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("seats", WHOLE, nullable=False),
        sa.Column("frequency", sa.String(length=8), nullable=False),
        sa.Column("unit_price", WHOLE, nullable=False),
        sa.Column("restarts", sa.Boolean(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("anchor_day", WHOLE, nullable=False),
        sa.Column("tax_category", sa.String(length=3), nullable=False),
        sa.Column("tax_rate", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["online_order.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", "position", name="ux_online_order_line"),
    )
    op.create_index(
        "ux_online_order_line_open", "online_order_line", ["account_id", "product_id"], unique=True, sqlite_where=OPEN,
        postgresql_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "online_order_charge",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("line_id", WHOLE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("days", "of_days", "seats", "unit_price", "amount")),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("tax_category", sa.String(length=3), nullable=False),
        sa.Column("tax_rate", WHOLE, nullable=False),
        sa.Column("exemption", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["online_order_line.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("line_id", "position", name="ux_online_order_charge"),
    )


def downgrade() -> None:
    """Attempts to pay for orders that have no invoice are forgotten: the schema before knew none."""
    op.drop_index("ux_payment_target_order", table_name="payment_target")
    op.execute("DELETE FROM payment_target WHERE invoice_id IS NULL")
    with op.batch_alter_table("payment_target") as table:
        table.drop_constraint("ck_payment_target_purpose", type_="check")
        table.drop_constraint("fk_payment_target_order", type_="foreignkey")
        table.drop_column("order_id")
        table.alter_column("invoice_id", existing_type=WHOLE, nullable=False)
    with op.batch_alter_table("payment") as table:
        table.drop_column("return_path")
    with op.batch_alter_table("credit_note") as table:
        table.drop_column("stays_credit")
    for name in ("ux_subscription_trial", "ux_subscription_live"):
        op.drop_index(name, table_name="subscription")
    with op.batch_alter_table("subscription") as table:
        table.drop_constraint("fk_subscription_invoice", type_="foreignkey")
        for name in ("tax_rate", "tax_category", "invoice_id", "is_paid", "anchor_day", "ended_on", "is_live"):
            table.drop_column(name)
    for table_name in ("online_order_charge", "online_order_line", "online_order"):
        op.drop_table(table_name)
