"""bank statements

Revision ID: 0008
Revises: 0006
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(27)
AT_ONCE = 2000


def upgrade() -> None:
    op.execute("ALTER TABLE invoice ADD COLUMN number_plain VARCHAR(60) DEFAULT '' NOT NULL")
    _spell_numbers_plainly()
    op.create_index("ix_invoice_number_plain", "invoice", ["number_plain"])
    op.create_table(
        "bank_statement",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("iban", sa.String(length=40), nullable=False),
        sa.Column("statement_id", sa.String(length=70), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("opening", WHOLE, nullable=False),
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("known", WHOLE, nullable=False),
        sa.Column("known_sum", WHOLE, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("place", WHOLE, nullable=False),
        sa.Column("imported_by", WHOLE, nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["sha256"], ["document_bytes.sha256"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("iban", "statement_id", name="ux_bank_statement_name"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("sha256", "place", name="ux_bank_statement_file"),
    )
    op.create_index("ix_bank_statement_day", "bank_statement", ["closed_on", "id"])
    _create_entries()


def _create_entries() -> None:
    op.create_table(
        "bank_entry",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("statement_id", WHOLE, nullable=False),
        sa.Column("place", WHOLE, nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("valued_on", sa.Date(), nullable=False),
        sa.Column("party", sa.String(length=140), nullable=False),
        sa.Column("party_iban", sa.String(length=40), nullable=False),
        sa.Column("remittance", sa.Text(), nullable=False),
        sa.Column("creditor_reference", sa.String(length=140), nullable=False),
        sa.Column("end_to_end_id", sa.String(length=70), nullable=False),
        sa.Column("bank_reference", sa.String(length=70), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("is_reversal", sa.Boolean(), nullable=False),
        sa.Column("return_reason", sa.String(length=140), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("incoming_id", WHOLE, nullable=True),
        sa.Column("return_id", WHOLE, nullable=True),
        sa.Column("bookings", WHOLE, nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("decided_by", WHOLE, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.CheckConstraint("amount <> 0", name="ck_bank_entry_amount"),
        sa.CheckConstraint(
            "(state = 'booked') = ((CASE WHEN incoming_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN return_id IS NULL THEN 0 ELSE 1 END) = 1)"
            " AND (state = 'booked' OR (incoming_id IS NULL AND return_id IS NULL))",
            name="ck_bank_entry_booked",
        ),
        sa.CheckConstraint("state IN ('unmatched', 'booked', 'dismissed')", name="ck_bank_entry_state"),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming_payment.id"]),
        sa.ForeignKeyConstraint(["return_id"], ["incoming_return.id"]),
        sa.ForeignKeyConstraint(["statement_id"], ["bank_statement.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity"),
        sa.UniqueConstraint("incoming_id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("return_id"),
        sa.UniqueConstraint("statement_id", "place", name="ux_bank_entry_place"),
    )
    _index_where("ix_bank_entry_unmatched", ["booked_on", "id"], "state = 'unmatched'")
    _index_where("ix_bank_entry_party", ["party_iban"], "incoming_id IS NOT NULL")
    _index_where("ix_bank_entry_end_to_end", ["end_to_end_id"], "end_to_end_id <> ''")


def _index_where(name: str, columns: list[str], where: str) -> None:
    """A partial index, with the same predicate on both databases."""
    op.create_index(name, "bank_entry", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def _spell_numbers_plainly() -> None:
    """What `numbering.plain` makes of each number, as it stood when this was written."""
    invoices = sa.table("invoice", sa.column("id", WHOLE), sa.column("number"), sa.column("number_plain"))
    change = (
        sa.update(invoices).where(invoices.c.id == sa.bindparam("place")).values(number_plain=sa.bindparam("plain"))
    )
    last = 0
    while True:
        some = sa.select(invoices.c.id, invoices.c.number).where(invoices.c.id > last).order_by(invoices.c.id)
        found = op.get_bind().execute(some.limit(AT_ONCE)).all()
        if not found:
            return
        op.get_bind().execute(change, [{"place": place, "plain": _plain(number)} for place, number in found])
        last = found[-1].id


def _plain(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", number).upper())[:60]


def downgrade() -> None:
    op.drop_table("bank_entry")
    op.drop_table("bank_statement")
    op.drop_index("ix_invoice_number_plain", "invoice")
    op.execute("ALTER TABLE invoice DROP COLUMN number_plain")
