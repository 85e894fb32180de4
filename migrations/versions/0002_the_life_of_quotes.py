"""the life of quotes

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from billing_core import clock
from billing_core.db import public_id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SHOWN = "UPDATE quote_version SET is_shown = is_current WHERE submitted_at IS NOT NULL"
BEGUN = """
    UPDATE quote_line SET due = quote_line.net, starts_on = version.starts_on
    FROM quote_version AS version WHERE version.id = quote_line.version_id
"""
FULFILLED = """
    UPDATE order_line SET fulfilled_at = placed.fulfilled_at
    FROM service_order AS placed WHERE placed.id = order_line.order_id
"""
TERMS = """
    UPDATE service_order SET payment_days = account.payment_days
    FROM account WHERE account.id = service_order.account_id
"""
OF_INVOICES = """
    UPDATE service_order SET title = issued.title, locale = issued.locale, currency = issued.currency,
        po_number = issued.po_number, quote_number = issued.quote_number, contact_id = issued.contact_id
    FROM invoice AS issued
    WHERE issued.order_number = service_order.number AND issued.account_id = service_order.account_id
        AND NOT issued.issued_elsewhere
"""
"""Orders take over what stands on the invoice that came with them."""
OF_LINES = """
    UPDATE order_line SET description = line.description, unit = line.unit, discount = line.discount
    FROM quote_line AS line
    JOIN quote_version AS version ON version.id = line.version_id
    JOIN service_order AS placed ON placed.origin = version.public_id
    WHERE placed.id = order_line.order_id AND line.position = order_line.position
"""
"""Ordered lines take over what stands in the accepted quote."""
RECURRING = """
    SELECT line.id, version.starts_on, version.term_months FROM quote_line AS line
    JOIN quote_version AS version ON version.id = line.version_id WHERE line.frequency <> 'once'
"""
ORDERED = """
    SELECT line.order_id, line.frequency, line.term_start, line.term_end, seller.timezone FROM order_line AS line
    JOIN service_order AS placed ON placed.id = line.order_id
    JOIN account ON account.id = placed.account_id JOIN seller ON seller.id = account.seller_id
    WHERE line.term_end IS NOT NULL AND placed.state <> 'cancelled'
"""
WAITING = """
    INSERT INTO scheduled_invoice (public_id, order_id, issue_on, state)
    VALUES (:public_id, :order_id, :issue_on, 'waiting')
"""


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=True),
        sa.Column("revoked_at", sa.String(27), nullable=True),
        sa.Column("last_used_at", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("secret_sha256"),
    )
    op.create_table(
        "api_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["api_token.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_id", "key", name="ux_api_answer"),
    )
    with op.batch_alter_table("api_answer", schema=None) as batch_op:
        batch_op.create_index("ix_api_answer_age", ["answered_at"], unique=False)

    op.create_table(
        "purchase_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("budget", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("closed_at", sa.String(27), nullable=True),
        sa.CheckConstraint("budget IS NULL OR budget >= 0", name="ck_purchase_order_budget"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "number", name="ux_purchase_order"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_table(
        "quote_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("quote_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.String(27), nullable=False),
        sa.CheckConstraint("side IN ('customer', 'vendor')", name="ck_quote_message_side"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"],
            ["quote.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("quote_message", schema=None) as batch_op:
        batch_op.create_index("ix_quote_message_quote", ["quote_id", "id"], unique=False)

    op.create_table(
        "quote_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seats", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("quote_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.String(27), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'drafted') = (quote_id IS NOT NULL)", name="ck_quote_request_quote"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"],
            ["quote.id"],
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "key", name="ux_quote_request_key"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("quote_request", schema=None) as batch_op:
        batch_op.create_index("ix_quote_request_account", ["account_id", "state", "id"], unique=False)

    op.create_table(
        "seat_assignment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assigned_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subscription_id", "person_id", name="ux_seat_assignment"),
    )
    with op.batch_alter_table("seat_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_assignment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "credit_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.String(27), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("quote_number", sa.String(length=40), nullable=False),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("po_number", sa.String(length=100), nullable=False),
        sa.Column("net", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tax", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bill_to", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=254), nullable=False),
        sa.CheckConstraint("total = net + tax AND total >= 0", name="ck_credit_note_total"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["billing_contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["invoice.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"],
            ["seller.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cause", name="ux_credit_note_cause"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("credit_note", schema=None) as batch_op:
        batch_op.create_index("ix_credit_note_account", ["account_id", "issued_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_note_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "quote_approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("discount_share", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("limit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("verdict IN ('', 'approved', 'returned')", name="ck_quote_approval_verdict"),
        sa.ForeignKeyConstraint(
            ["asked_by_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["quote_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("quote_approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_approval_version_id"), ["version_id"], unique=False)
        batch_op.create_index(
            "ux_quote_approval_open",
            ["version_id"],
            unique=True,
            postgresql_where=sa.text("decided_at IS NULL"),
            sqlite_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "scheduled_invoice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issued_at", sa.String(27), nullable=True),
        sa.CheckConstraint("(state = 'issued') = (invoice_id IS NOT NULL)", name="ck_scheduled_invoice"),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["invoice.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["service_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", "issue_on", name="ux_scheduled_invoice"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("scheduled_invoice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduled_waiting",
            ["issue_on"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "credit_note_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_price", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("net", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("tax_category", sa.String(length=3), nullable=False),
        sa.Column("tax_rate", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exemption", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"],
            ["credit_note.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_note_id", "position", name="ux_credit_note_line"),
    )
    op.create_table(
        "credit_note_tax",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("net", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tax", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exemption", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"],
            ["credit_note.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_note_id", "category", "rate", name="ux_credit_note_tax"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("po_pattern", sa.String(length=60), nullable=False, server_default=""))

    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("effect", sa.String(length=8), nullable=False, server_default="start"))
        batch_op.add_column(
            sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("description", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("unit", sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "discount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(sa.Column("is_credited", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("fulfilled_at", sa.String(27), nullable=True))
        batch_op.create_foreign_key("order_line_subscription_id_fkey", "subscription", ["subscription_id"], ["id"])

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "discount_limit",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="1000",
            )
        )

    with op.batch_alter_table("quote_decision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("po_expires_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("admin_person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("channel", sa.String(length=8), nullable=False, server_default="portal"))
        batch_op.add_column(sa.Column("reference", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("credit_note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.drop_constraint(batch_op.f("ux_quote_decision"), type_="unique")
        batch_op.create_index("ix_quote_decision_quote", ["quote_id", "id"], unique=False)
        batch_op.create_index(
            "ux_quote_accepted",
            ["quote_id"],
            unique=True,
            postgresql_where=sa.text("verdict = 'accepted'"),
            sqlite_where=sa.text("verdict = 'accepted'"),
        )
        batch_op.create_foreign_key("quote_decision_recorded_by_id_fkey", "person", ["recorded_by_id"], ["id"])
        batch_op.create_foreign_key("quote_decision_admin_person_id_fkey", "person", ["admin_person_id"], ["id"])
        batch_op.create_foreign_key("quote_decision_credit_note_id_fkey", "credit_note", ["credit_note_id"], ["id"])

    with op.batch_alter_table("quote_line", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "rebate", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(
            sa.Column(
                "once_off", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(
            sa.Column("due", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("effect", sa.String(length=8), nullable=False, server_default="start"))
        batch_op.add_column(
            sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=False, server_default="2026-01-01"))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("whole_periods", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("of_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key("quote_line_subscription_id_fkey", "subscription", ["subscription_id"], ["id"])

    with op.batch_alter_table("quote_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_shown", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column(
                "percent_off", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(
            sa.Column(
                "amount_off", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(
            sa.Column(
                "discount_share",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="0",
            )
        )
        batch_op.add_column(sa.Column("reminded_at", sa.String(27), nullable=True))
        batch_op.create_index("ix_quote_version_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "ux_quote_shown",
            ["quote_id"],
            unique=True,
            postgresql_where=sa.text("is_shown"),
            sqlite_where=sa.text("is_shown"),
        )

    with op.batch_alter_table("service_order", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("admin_person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("title", sa.String(length=160), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("locale", sa.String(length=2), nullable=False, server_default="en"))
        batch_op.add_column(sa.Column("currency", sa.String(length=3), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("po_number", sa.String(length=100), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("quote_number", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "payment_days",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="30",
            )
        )
        batch_op.create_foreign_key("service_order_contact_id_fkey", "billing_contact", ["contact_id"], ["id"])
        batch_op.create_foreign_key("service_order_admin_person_id_fkey", "person", ["admin_person_id"], ["id"])

    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "removed_at_end",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="0",
            )
        )
        batch_op.add_column(
            sa.Column("renewed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key("subscription_renewed_by_id_fkey", "subscription", ["renewed_by_id"], ["id"])

    carry_over(op.get_bind())


def carry_over(connection: sa.Connection) -> None:
    """What was sold before this version, in the words of this one. Invoices that are still to come get their days."""
    for statement in (SHOWN, BEGUN, FULFILLED, OF_INVOICES, TERMS, OF_LINES):
        connection.execute(sa.text(statement))
    lines = connection.execute(sa.text(RECURRING).columns(starts_on=sa.Date())).all()
    ends = [{"id": row.id, "end": clock.add_months(row.starts_on, row.term_months)} for row in lines]
    if ends:
        end = sa.bindparam("end", type_=sa.Date())
        connection.execute(sa.text("UPDATE quote_line SET ends_on = :end WHERE id = :id").bindparams(end), ends)
    _schedule(connection)


def _schedule(connection: sa.Connection) -> None:
    """The periods that begin from the seller's today on; those before it were billed elsewhere: nothing here did it."""
    months, days = {"monthly": 1, "yearly": 12}, set()
    for row in connection.execute(sa.text(ORDERED).columns(term_start=sa.Date(), term_end=sa.Date())).all():
        number, today = 1, clock.today(row.timezone)
        while (day := clock.add_months(row.term_start, number * months[row.frequency])) < row.term_end:
            number += 1
            if day >= today:
                days.add((row.order_id, day))
    found = [{"public_id": public_id("sch"), "order_id": order, "issue_on": day} for order, day in sorted(days)]
    if found:
        waiting = sa.text(WAITING).bindparams(sa.bindparam("issue_on", type_=sa.Date()))
        connection.execute(waiting, found)


def downgrade() -> None:
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_constraint("subscription_renewed_by_id_fkey", type_="foreignkey")
        batch_op.drop_column("renewed_by_id")
        batch_op.drop_column("removed_at_end")

    with op.batch_alter_table("service_order", schema=None) as batch_op:
        batch_op.drop_constraint("service_order_admin_person_id_fkey", type_="foreignkey")
        batch_op.drop_constraint("service_order_contact_id_fkey", type_="foreignkey")
        batch_op.drop_column("payment_days")
        batch_op.drop_column("quote_number")
        batch_op.drop_column("po_number")
        batch_op.drop_column("currency")
        batch_op.drop_column("locale")
        batch_op.drop_column("title")
        batch_op.drop_column("contact_id")
        batch_op.drop_column("admin_person_id")

    with op.batch_alter_table("quote_version", schema=None) as batch_op:
        batch_op.drop_index("ux_quote_shown", postgresql_where=sa.text("is_shown"), sqlite_where=sa.text("is_shown"))
        batch_op.drop_index("ix_quote_version_state")
        batch_op.drop_column("reminded_at")
        batch_op.drop_column("discount_share")
        batch_op.drop_column("amount_off")
        batch_op.drop_column("percent_off")
        batch_op.drop_column("is_shown")

    with op.batch_alter_table("quote_line", schema=None) as batch_op:
        batch_op.drop_constraint("quote_line_subscription_id_fkey", type_="foreignkey")
        batch_op.drop_column("of_days")
        batch_op.drop_column("days")
        batch_op.drop_column("whole_periods")
        batch_op.drop_column("ends_on")
        batch_op.drop_column("starts_on")
        batch_op.drop_column("subscription_id")
        batch_op.drop_column("effect")
        batch_op.drop_column("due")
        batch_op.drop_column("once_off")
        batch_op.drop_column("rebate")

    with op.batch_alter_table("quote_decision", schema=None) as batch_op:
        batch_op.drop_constraint("quote_decision_credit_note_id_fkey", type_="foreignkey")
        batch_op.drop_constraint("quote_decision_admin_person_id_fkey", type_="foreignkey")
        batch_op.drop_constraint("quote_decision_recorded_by_id_fkey", type_="foreignkey")
        batch_op.drop_index(
            "ux_quote_accepted",
            postgresql_where=sa.text("verdict = 'accepted'"),
            sqlite_where=sa.text("verdict = 'accepted'"),
        )
        batch_op.drop_index("ix_quote_decision_quote")
        batch_op.create_unique_constraint(batch_op.f("ux_quote_decision"), ["quote_id"])
        batch_op.drop_column("credit_note_id")
        batch_op.drop_column("recorded_by_id")
        batch_op.drop_column("reference")
        batch_op.drop_column("channel")
        batch_op.drop_column("admin_person_id")
        batch_op.drop_column("po_expires_on")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("discount_limit")

    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_constraint("order_line_subscription_id_fkey", type_="foreignkey")
        batch_op.drop_column("fulfilled_at")
        batch_op.drop_column("is_credited")
        batch_op.drop_column("discount")
        batch_op.drop_column("unit")
        batch_op.drop_column("description")
        batch_op.drop_column("subscription_id")
        batch_op.drop_column("effect")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("po_pattern")

    op.drop_table("credit_note_tax")
    op.drop_table("credit_note_line")
    with op.batch_alter_table("scheduled_invoice", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_scheduled_waiting",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.drop_table("scheduled_invoice")
    with op.batch_alter_table("quote_approval", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_quote_approval_open",
            postgresql_where=sa.text("decided_at IS NULL"),
            sqlite_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_quote_approval_version_id"))

    op.drop_table("quote_approval")
    with op.batch_alter_table("credit_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_note_invoice_id"))
        batch_op.drop_index("ix_credit_note_account")

    op.drop_table("credit_note")
    with op.batch_alter_table("seat_assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_assignment_person_id"))

    op.drop_table("seat_assignment")
    with op.batch_alter_table("quote_request", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_request_account")

    op.drop_table("quote_request")
    with op.batch_alter_table("quote_message", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_message_quote")

    op.drop_table("quote_message")
    op.drop_table("purchase_order")
    with op.batch_alter_table("api_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_api_answer_age")

    op.drop_table("api_answer")
    op.drop_table("api_token")
