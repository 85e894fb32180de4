"""Payment, its targets, and the processor's events.

A payment in an open state holds its amount: the same money of an invoice cannot be paid a second time until the
processor has said what became of it (domain.md 5).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index
from billing_core.ledger.models import Invoice
from billing_core.people import Person


class Payment(Base):
    """One attempt to pay by card. `public_id` is also the key under which the processor is asked. Amounts in smallest units."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_payment_amount"),
        UniqueConstraint("processor_session", name="ux_payment_session"),
        UniqueConstraint("processor_intent", name="ux_payment_intent"),
        Index("ix_payment_account", "account_id", "id"),
        partial_index("ix_payment_check", "check_at", where="check_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    livemode: Mapped[bool]
    processor_session: Mapped[str | None] = mapped_column(String(120))
    processor_intent: Mapped[str | None] = mapped_column(String(120))
    hosted_url: Mapped[str | None] = mapped_column(Text)
    """Where the payer enters the card; None until the processor has answered."""
    session_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    card_brand: Mapped[str] = mapped_column(String(20), default="")
    card_last4: Mapped[str] = mapped_column(String(4), default="")
    failure: Mapped[str] = mapped_column(String(60), default="")
    """The processor's code of the last decline."""
    review_note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the reconciler asks the processor next; None once nothing can change any more."""
    checks: Mapped[int] = mapped_column(default=0)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    payer: Mapped[Person] = relationship(lazy="raise_on_sql")
    targets: Mapped[list["PaymentTarget"]] = relationship(lazy="raise_on_sql", order_by="PaymentTarget.id")


class PaymentTarget(Base):
    """How much of a payment is meant for which invoice. `holds` is true while the attempt is open."""

    __tablename__ = "payment_target"
    __table_args__ = (
        UniqueConstraint("payment_id", "invoice_id", name="ux_payment_target"),
        CheckConstraint("amount > 0", name="ck_payment_target_amount"),
        partial_index("ix_payment_target_holds", "invoice_id", where="holds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    amount: Mapped[int]
    holds: Mapped[bool] = mapped_column(default=True)

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")


class ProcessorEvent(Base):
    """A signed webhook as it came in, once per processor event id. It only triggers a look at the processor."""

    __tablename__ = "processor_event"

    event_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
