"""hand-offs from an outside site

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "hand_off",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("session_id", whole, nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.Column("used_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sign_in_session.id"]),
        sa.PrimaryKeyConstraint("fingerprint"),
        sa.UniqueConstraint("session_id"),
    )


def downgrade() -> None:
    op.drop_table("hand_off")
