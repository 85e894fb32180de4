"""credit notes that correct invoices

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("credit_note") as table:
        table.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("credit_note_line") as table:
        table.add_column(sa.Column("invoice_line_id", whole, nullable=True))
        table.create_foreign_key("credit_note_line_invoice_line_id_fkey", "invoice_line", ["invoice_line_id"], ["id"])
        table.create_index("ix_credit_note_line_invoice_line_id", ["invoice_line_id"])
    spelled = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    # The constraint comes with the column, which spares SQLite a copy of the table and of what hangs on it.
    op.execute(
        f"ALTER TABLE invoice ADD COLUMN credited {spelled} DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_invoice_credited CHECK (credited >= 0 AND credited <= total)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE invoice DROP COLUMN credited")
    with op.batch_alter_table("credit_note_line") as table:
        table.drop_index("ix_credit_note_line_invoice_line_id")
        table.drop_constraint("credit_note_line_invoice_line_id_fkey", type_="foreignkey")
        table.drop_column("invoice_line_id")
    op.execute("ALTER TABLE credit_note DROP COLUMN reason")
