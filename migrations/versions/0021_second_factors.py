"""second factors: authenticator apps, recovery codes, and sign-ins that wait for one

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "authenticator_app",
        sa.Column("person_id", whole, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", whole, nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "app_enrolment",
        sa.Column("person_id", whole, nullable=False),
        sa.Column("session_id", whole, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", whole, nullable=False),
        sa.Column("person_id", whole, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "code_hash", name="ux_recovery_code"),
    )
    op.create_table(
        "pending_sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=8), nullable=False),
        sa.Column("person_id", whole, nullable=False),
        sa.Column("throttled_as", sa.String(length=330), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("pending_sign_in") as table:
        table.create_index("ix_pending_sign_in_person_id", ["person_id"])


def downgrade() -> None:
    """Those who had a second factor sign in with their password alone."""
    for name in ("pending_sign_in", "recovery_code", "app_enrolment", "authenticator_app"):
        op.drop_table(name)
