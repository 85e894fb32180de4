"""attempts to renew online subscriptions, and notices ahead of them

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("retry_on", sa.Date(), nullable=True))
    op.create_table(
        "renewal_attempt",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("subscription_id", WHOLE, nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("order_id", WHOLE, nullable=True),
        sa.Column("card_id", WHOLE, nullable=True),
        sa.Column("failure", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.CheckConstraint("number > 0", name="ck_renewal_attempt_number"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["online_order.id"]),
        sa.ForeignKeyConstraint(["card_id"], ["saved_card.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subscription_id", "period_start", "number", name="ux_renewal_attempt"),
        sa.UniqueConstraint("subscription_id", "day", name="ux_renewal_attempt_day"),
        sa.UniqueConstraint("order_id", name="ux_renewal_attempt_order"),
    )
    op.create_table(
        "renewal_notice",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("sent_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_renewal_notice_account_id", "renewal_notice", ["account_id"])


def downgrade() -> None:
    """Attempts and notices are forgotten; orders, invoices and payments of renewals stay."""
    op.drop_table("renewal_notice")
    op.drop_table("renewal_attempt")
    with op.batch_alter_table("subscription") as table:
        table.drop_column("retry_on")
