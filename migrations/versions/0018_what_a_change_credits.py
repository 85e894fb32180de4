"""which line of an invoice a change of a subscription credits a part of

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CREDITING = ("invoice_line", "credit_note_line")
BILLED = """
    UPDATE subscription SET invoice_line_id = (
        SELECT MIN(line.id) FROM invoice_line AS line JOIN product ON product.id = subscription.product_id
        WHERE line.invoice_id = subscription.invoice_id AND line.net > 0
        AND (line.description = product.name OR line.description LIKE product.name || ' %')
    )
"""
"""The invoice of a period has one line above zero of each product, which begins with its name."""


def upgrade() -> None:
    """What was credited before is not traced back to its line; what is credited from now on names it."""
    for name in CREDITING:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("credits_line_id", WHOLE, nullable=True))
            table.create_foreign_key(f"fk_{name}_credits_line", "invoice_line", ["credits_line_id"], ["id"])
            table.create_index(f"ix_{name}_credits_line_id", ["credits_line_id"])
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("invoice_line_id", WHOLE, nullable=True))
        table.create_foreign_key("fk_subscription_invoice_line", "invoice_line", ["invoice_line_id"], ["id"])
    op.execute(sa.text(BILLED))
    with op.batch_alter_table("subscription") as table:
        table.drop_constraint("fk_subscription_invoice", type_="foreignkey")
        table.drop_column("invoice_id")


def downgrade() -> None:
    """Which lines were credited in part is forgotten."""
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("invoice_id", WHOLE, nullable=True))
        table.create_foreign_key("fk_subscription_invoice", "invoice", ["invoice_id"], ["id"])
    op.execute("UPDATE subscription SET invoice_id = (SELECT invoice_id FROM invoice_line WHERE id = invoice_line_id)")
    with op.batch_alter_table("subscription") as table:
        table.drop_constraint("fk_subscription_invoice_line", type_="foreignkey")
        table.drop_column("invoice_line_id")
    for name in reversed(CREDITING):
        with op.batch_alter_table(name) as table:
            table.drop_index(f"ix_{name}_credits_line_id")
            table.drop_constraint(f"fk_{name}_credits_line", type_="foreignkey")
            table.drop_column("credits_line_id")
