"""carts of online contacts, and where the processor leads back to after a card was added

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cart",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("person_id", WHOLE, nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "person_id", name="ux_cart_person"),
    )
    op.create_table(
        "cart_line",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("cart_id", WHOLE, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("product_id", WHOLE, nullable=False),
        sa.Column("subscription_id", WHOLE, nullable=True),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("seats", WHOLE, nullable=False),
        sa.Column("frequency", sa.String(length=8), nullable=False),
        sa.Column("wished_after", WHOLE, nullable=False),
        sa.CheckConstraint("(kind = 'change') = (subscription_id IS NOT NULL)", name="ck_cart_line_change"),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("cart_id", "product_id", name="ux_cart_line_product"),
    )
    with op.batch_alter_table("card_setup") as table:
        table.add_column(sa.Column("return_path", sa.String(length=120), nullable=False, server_default=""))
    with op.batch_alter_table("card_setup") as table:
        table.alter_column("return_path", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("card_setup") as table:
        table.drop_column("return_path")
    op.drop_table("cart_line")
    op.drop_table("cart")
