"""the managers of representatives

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MANAGED = sa.text("manager_id IS NOT NULL")


def upgrade() -> None:
    """Nobody has a manager yet, so all managers see all representatives' accounts as before."""
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("manager_id", WHOLE, nullable=True))
        table.create_foreign_key("fk_person_manager", "person", ["manager_id"], ["id"])
    op.create_index(
        "ix_person_manager", "person", ["manager_id"], postgresql_where=MANAGED, sqlite_where=MANAGED
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_person_manager", "person")
    with op.batch_alter_table("person") as table:
        table.drop_constraint("fk_person_manager", type_="foreignkey")
        table.drop_column("manager_id")
