"""A statement of account that was asked for as a document."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant
from billing_core.sellers.letterhead import Letterhead


class Statement(Base):
    """What one printed statement is about. It never changes, and the same question about the same books is one row.

    The rows of the ledger are append-only, so their highest ids of the account fix what the document says.
    """

    __tablename__ = "statement"
    __table_args__ = (
        UniqueConstraint("fingerprint", name="ux_statement_fingerprint"),
        CheckConstraint("first_day <= last_day", name="ck_statement_period"),
        Index("ix_statement_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    timezone: Mapped[str] = mapped_column(String(40))
    """The seller's calendar, by which entries fall on days."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    last_invoice: Mapped[int]
    last_allocation: Mapped[int]
    last_credit: Mapped[int]
    """The highest ids of the account's rows when it was asked for; 0 where there were none."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of everything above but the public id, of the address and of the letterhead."""
    bill_to: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def letterhead(self) -> Letterhead:
        """The seller as it stands on the document."""
        return Letterhead.from_bytes(self.issued_by)
