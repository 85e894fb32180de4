"""The table of checks: each question about a VAT ID, and who answered it how."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index


class VatCheck(Base):
    """One check of the VAT ID that an account had when it was asked; the row stays as the evidence of reverse charge.

    What counts for tax are the account's own `vat_id` and `vat_confirmed_at`, moved in the same transactions.
    """

    __tablename__ = "vat_check"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'unavailable', 'confirmed', 'unknown', 'replaced')", name="ck_vat_check_state"
        ),
        CheckConstraint(
            "(state IN ('waiting', 'unavailable')) = (decided_at IS NULL)", name="ck_vat_check_decided"
        ),
        partial_index("ux_vat_check_open", "account_id", unique=True, where="state IN ('waiting', 'unavailable')"),
        Index("ix_vat_check_account", "account_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    vat_id: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(String(64))
    """As in the audit trail."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often the register was asked and gave no answer."""
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(String(40), default="")
    """Why it gave none the last time, in the register's own code."""
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    """The register's name, or who at the desk, as in the audit trail."""
    note: Mapped[str] = mapped_column(Text, default="")
    """Why finance confirmed it."""
    consultation: Mapped[str] = mapped_column(String(40), default="")
    """The number under which the register itself keeps its answer; proof towards the tax office."""
    name: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    """Of the company that the register named; empty where its country does not tell."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    @property
    def is_by_finance(self) -> bool:
        """A person at the desk decided, not the register."""
        return self.decided_by.startswith("desk:")
