"""Bank statement and bank entry: what the bank says, kept as it said it, and what finance made of each entry.

Amounts are smallest units of `currency`; money that came in is positive, money that went out negative.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant, partial_index
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.people import Person

UNMATCHED, BOOKED, DISMISSED = "unmatched", "booked", "dismissed"


class BankStatement(Base):
    """One statement of one of our bank accounts. The file that it came in is a stored document under its public id.

    `opening` plus its entries plus `known_sum` is `closing`: what an earlier statement brought is not kept twice.
    """

    __tablename__ = "bank_statement"
    __table_args__ = (
        UniqueConstraint("iban", "statement_id", name="ux_bank_statement_name"),
        UniqueConstraint("sha256", "place", name="ux_bank_statement_file"),
        Index("ix_bank_statement_day", "closed_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    iban: Mapped[str] = mapped_column(String(40))
    """Our account, without blanks; where there is no IBAN the bank's own account number."""
    statement_id: Mapped[str] = mapped_column(String(70))
    """The bank's name for it, unique for an account."""
    currency: Mapped[str] = mapped_column(String(3))
    opened_on: Mapped[date]
    closed_on: Mapped[date]
    opening: Mapped[int]
    closing: Mapped[int]
    known: Mapped[int]
    """How many of its entries an earlier statement had brought already, and (`known_sum`) what they come to."""
    known_sum: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("document_bytes.sha256"))
    place: Mapped[int]
    """Which statement of its file it is, from 0."""
    imported_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    imported_at: Mapped[datetime] = mapped_column(Instant)

    entries: Mapped[list["BankEntry"]] = relationship(
        lazy="raise_on_sql", back_populates="statement", order_by="BankEntry.place"
    )
    clerk: Mapped[Person] = relationship(lazy="raise_on_sql")


class BankEntry(Base):
    """One movement. What the bank said never changes; what finance made of it does.

    state: unmatched; booked, with the incoming payment that it is, or (money that went out) the return that it is;
    dismissed, with a note. Nothing about a proposal is stored.
    """

    __tablename__ = "bank_entry"
    __table_args__ = (
        UniqueConstraint("statement_id", "place", name="ux_bank_entry_place"),
        CheckConstraint("amount <> 0", name="ck_bank_entry_amount"),
        CheckConstraint(
            "(state = 'booked') = ((CASE WHEN incoming_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN return_id IS NULL THEN 0 ELSE 1 END) = 1)"
            " AND (state = 'booked' OR (incoming_id IS NULL AND return_id IS NULL))",
            name="ck_bank_entry_booked",
        ),
        CheckConstraint("state IN ('unmatched', 'booked', 'dismissed')", name="ck_bank_entry_state"),
        partial_index("ix_bank_entry_unmatched", "booked_on", "id", where="state = 'unmatched'"),
        partial_index("ix_bank_entry_party", "party_iban", where="incoming_id IS NOT NULL"),
        partial_index("ix_bank_entry_end_to_end", "end_to_end_id", where="end_to_end_id <> ''"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"))
    place: Mapped[int]
    identity: Mapped[str] = mapped_column(String(64), unique=True)
    """A hash of what makes it this movement and no other, in whatever statement it comes: see `importing`."""
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    booked_on: Mapped[date]
    valued_on: Mapped[date]
    party: Mapped[str] = mapped_column(String(140))
    """Who sent or got it, as the bank knows them."""
    party_iban: Mapped[str] = mapped_column(String(40))
    remittance: Mapped[str] = mapped_column(Text)
    """What the payer wrote, in one line."""
    creditor_reference: Mapped[str] = mapped_column(String(140))
    end_to_end_id: Mapped[str] = mapped_column(String(70))
    """Empty where the payer gave none (NOTPROVIDED)."""
    bank_reference: Mapped[str] = mapped_column(String(70))
    method: Mapped[str] = mapped_column(String(16))
    """bank_transfer, direct_debit or cheque, from the bank's code of the transaction."""
    is_reversal: Mapped[bool]
    """The bank took an earlier entry back with this one; the sign of `amount` is already that of this entry."""
    return_reason: Mapped[str] = mapped_column(String(140))
    """The bank's code and words, where this is money that was returned."""
    state: Mapped[str] = mapped_column(String(12))
    incoming_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_payment.id"), unique=True)
    return_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_return.id"), unique=True)
    bookings: Mapped[int] = mapped_column(default=0)
    """How often it was booked; more than once only where a booking was undone as a mistake."""
    note: Mapped[str] = mapped_column(String(300), default="")
    """Why it was dismissed."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    statement: Mapped[BankStatement] = relationship(lazy="raise_on_sql", back_populates="entries")
    incoming: Mapped[IncomingPayment | None] = relationship(lazy="raise_on_sql")
    returned: Mapped[IncomingReturn | None] = relationship(lazy="raise_on_sql")
    clerk: Mapped[Person | None] = relationship(lazy="raise_on_sql")

    @property
    def is_credit(self) -> bool:
        """Money that came in."""
        return self.amount > 0

    @property
    def looks_returned(self) -> bool:
        """Money that went out again because an earlier entry was returned or reversed, as far as the bank says so."""
        return not self.is_credit and (self.is_reversal or bool(self.return_reason))
