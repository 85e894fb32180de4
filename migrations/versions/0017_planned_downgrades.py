"""downgrades that support plans for the end of a period

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("planned_tier", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("planned_price", WHOLE, nullable=True))


def downgrade() -> None:
    """What was planned is forgotten: those subscriptions are renewed with the tier that they have."""
    with op.batch_alter_table("subscription") as table:
        table.drop_column("planned_price")
        table.drop_column("planned_tier")
