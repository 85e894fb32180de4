"""passkeys, fresh proofs, and accounts that require a second factor

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Whoever is signed in counts as proven since the sign-in, unless another site handed the session over."""
    op.create_table(
        "passkey",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", WHOLE, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", WHOLE, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("used_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_passkey_person_id", "passkey", ["person_id"])
    op.create_table(
        "passkey_enrolment",
        sa.Column("person_id", WHOLE, nullable=False),
        sa.Column("session_id", WHOLE, nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    with op.batch_alter_table("sign_in_session") as table:
        table.add_column(sa.Column("proven_at", sa.String(27), nullable=True))
    op.execute("UPDATE sign_in_session SET proven_at = created_at WHERE id NOT IN (SELECT session_id FROM hand_off)")
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("requires_factor", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Those who had passkeys only sign in with their password alone; their recovery codes go with them."""
    op.execute("DELETE FROM recovery_code WHERE person_id NOT IN (SELECT person_id FROM authenticator_app)")
    with op.batch_alter_table("account") as table:
        table.drop_column("requires_factor")
    with op.batch_alter_table("sign_in_session") as table:
        table.drop_column("proven_at")
    op.drop_table("passkey_enrolment")
    op.drop_table("passkey")
