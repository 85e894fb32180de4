"""requests to change who is a contact, the hold after one, further recipients of invoices, looks

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Contacts that are there hold nothing up."""
    op.create_table(
        "contact_change",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("contact_id", WHOLE, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("function", sa.String(length=80), nullable=False),
        sa.Column("may_accept", sa.Boolean(), nullable=False),
        sa.Column("may_pay", sa.Boolean(), nullable=False),
        sa.Column("may_manage", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", WHOLE, nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("answered_by_id", WHOLE, nullable=True),
        sa.Column("answered_at", sa.String(27), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["contact_id"], ["billing_contact.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("asked_by_id", "form_key", name="ux_contact_change_form"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_contact_change_account", "contact_change", ["account_id", "state"])
    op.create_table(
        "invoice_recipient",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("added_by_id", WHOLE, nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "email", name="ux_invoice_recipient"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_table(
        "contact_look",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", WHOLE, nullable=False),
        sa.Column("session_id", WHOLE, nullable=False),
        sa.Column("person_id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("begun_at", sa.String(27), nullable=False),
        sa.Column("ends_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_contact_look_session", "contact_look", ["session_id"])
    op.create_index("ix_contact_look_person", "contact_look", ["person_id", "account_id"])
    with op.batch_alter_table("billing_contact") as table:
        table.add_column(sa.Column("held_until", sa.String(27), nullable=True))


def downgrade() -> None:
    """Requests are forgotten, and contacts on hold may accept."""
    with op.batch_alter_table("billing_contact") as table:
        table.drop_column("held_until")
    op.drop_table("contact_look")
    op.drop_table("invoice_recipient")
    op.drop_table("contact_change")
