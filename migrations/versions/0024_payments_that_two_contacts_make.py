"""payments that one contact proposes and a second one confirms

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Payments that were begun alone go on."""
    op.create_table(
        "payment_proposal",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("proposed_by_id", WHOLE, nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("proposed_at", sa.String(27), nullable=False),
        sa.Column("ends_at", sa.String(27), nullable=False),
        sa.Column("answered_by_id", WHOLE, nullable=True),
        sa.Column("answered_at", sa.String(27), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payment_id", WHOLE, nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_payment_proposal_amount"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("proposed_by_id", "form_key", name="ux_payment_proposal_form"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_payment_proposal_account", "payment_proposal", ["account_id", "state"])
    op.create_table(
        "payment_proposal_part",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("proposal_id", WHOLE, nullable=False),
        sa.Column("invoice_id", WHOLE, nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_payment_proposal_part_amount"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["payment_proposal.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("proposal_id", "invoice_id", name="ux_payment_proposal_part"),
    )
    op.create_index("ix_payment_proposal_part_invoice_id", "payment_proposal_part", ["invoice_id"])


def downgrade() -> None:
    """What waits for a second contact is forgotten; whoever may pay pays alone."""
    op.drop_table("payment_proposal_part")
    op.drop_table("payment_proposal")
