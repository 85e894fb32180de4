"""saved cards: the processor's customers, the cards on file, adding one, and paying with one

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(27)


def upgrade() -> None:
    op.create_table(
        "processor_customer",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("processor_customer", sa.String(length=120), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "livemode", name="ux_processor_customer_account"),
        sa.UniqueConstraint("processor_customer"),
        sa.UniqueConstraint("public_id"),
    )
    _create_cards()
    _create_setups()
    with op.batch_alter_table("payment") as table:
        table.add_column(sa.Column("card_id", WHOLE, nullable=True))
        table.add_column(sa.Column("keeps_card", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.create_foreign_key("fk_payment_card", "saved_card", ["card_id"], ["id"])
    with op.batch_alter_table("payment") as table:
        table.alter_column("keeps_card", server_default=None)


def _create_cards() -> None:
    op.create_table(
        "saved_card",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("customer_id", WHOLE, nullable=False),
        sa.Column("processor_method", sa.String(length=120), nullable=False),
        sa.Column("fingerprint", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=20), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("exp_month", WHOLE, nullable=False),
        sa.Column("exp_year", WHOLE, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("added_by", WHOLE, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("detached_at", INSTANT, nullable=True),
        sa.CheckConstraint("removed_at IS NULL OR NOT is_default", name="ck_saved_card_default"),
        sa.CheckConstraint("exp_month BETWEEN 1 AND 12", name="ck_saved_card_month"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["processor_customer.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("processor_method"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_saved_card_account", "saved_card", ["account_id", "id"])
    where = sa.text("is_default")
    op.create_index(
        "ux_saved_card_default", "saved_card", ["account_id"], unique=True, postgresql_where=where, sqlite_where=where
    )


def _create_setups() -> None:
    op.create_table(
        "card_setup",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("customer_id", WHOLE, nullable=False),
        sa.Column("requested_by", WHOLE, nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("processor_session", sa.String(length=120), nullable=True),
        sa.Column("hosted_url", sa.Text(), nullable=True),
        sa.Column("card_id", WHOLE, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("check_at", INSTANT, nullable=True),
        sa.Column("checks", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["card_id"], ["saved_card.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["processor_customer.id"]),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("processor_session"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("requested_by", "form_key", name="ux_card_setup_form"),
    )
    op.create_index("ix_card_setup_account", "card_setup", ["account_id", "id"])
    where = sa.text("check_at IS NOT NULL")
    op.create_index("ix_card_setup_check", "card_setup", ["check_at"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    with op.batch_alter_table("payment") as table:
        table.drop_constraint("fk_payment_card", type_="foreignkey")
        table.drop_column("keeps_card")
        table.drop_column("card_id")
    op.drop_table("card_setup")
    op.drop_table("saved_card")
    op.drop_table("processor_customer")
