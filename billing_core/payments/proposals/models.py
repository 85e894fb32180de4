"""A payment that one contact proposes and another one confirms. It reserves nothing."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant
from billing_core.ledger.models import Invoice
from billing_core.payments import states
from billing_core.payments.models import Payment
from billing_core.people import Person


class PaymentProposal(Base):
    """What is to be paid, in smallest units of the currency, and what became of it."""

    __tablename__ = "payment_proposal"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_payment_proposal_amount"),
        UniqueConstraint("proposed_by_id", "form_key", name="ux_payment_proposal_form"),
        Index("ix_payment_proposal_account", "account_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    """From then on it cannot be confirmed; derived from the time, never stored as a state."""
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text, default="")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    """The last attempt to pay it."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    proposed_by: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=proposed_by_id)
    answered_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=answered_by_id)
    payment: Mapped[Payment | None] = relationship(lazy="raise_on_sql")
    parts: Mapped[list["PaymentProposalPart"]] = relationship(
        lazy="raise_on_sql", order_by="PaymentProposalPart.id", back_populates="proposal"
    )

    def is_waiting(self, now: datetime) -> bool:
        """It can be confirmed: nobody has answered, or the payment that followed came to nothing."""
        if now >= self.ends_at:
            return False
        came_to_nothing = self.payment is not None and self.payment.state in states.CAME_TO_NOTHING
        return self.state == states.PROPOSED or (self.state == states.CONFIRMED and came_to_nothing)

    def has_lapsed(self, now: datetime) -> bool:
        """Nobody answered in time."""
        return self.state == states.PROPOSED and now >= self.ends_at


class PaymentProposalPart(Base):
    """How much of it is meant for which invoice."""

    __tablename__ = "payment_proposal_part"
    __table_args__ = (
        UniqueConstraint("proposal_id", "invoice_id", name="ux_payment_proposal_part"),
        CheckConstraint("amount > 0", name="ck_payment_proposal_part_amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("payment_proposal.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[int]

    proposal: Mapped[PaymentProposal] = relationship(lazy="raise_on_sql", back_populates="parts")
    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")
