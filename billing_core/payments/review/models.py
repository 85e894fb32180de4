"""The review of a payment that was set aside: what was asked for, what the processor has, what finance decided."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant
from billing_core.people import Person


class PaymentReview(Base):
    """One for a payment, from the first time that it was set aside. Amounts in smallest units.

    `asked` never changes, also where finance takes another amount in. What was seen is that of the newest look.
    """

    __tablename__ = "payment_review"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    asked: Mapped[int]
    asked_currency: Mapped[str] = mapped_column(String(3))
    set_aside_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    session_id: Mapped[str] = mapped_column(String(120), default="")
    reference: Mapped[str] = mapped_column(String(200), default="")
    """Whose payment the processor says it is."""
    status: Mapped[str] = mapped_column(String(20))
    is_paid: Mapped[bool]
    is_final: Mapped[bool]
    amount: Mapped[int | None]
    """What the hosted page asked for; None where the processor's figure is no amount of ours."""
    received: Mapped[int | None]
    refunded: Mapped[int] = mapped_column(default=0)
    """What the processor has sent back already, whoever asked for it."""
    currency: Mapped[str] = mapped_column(String(3))
    livemode: Mapped[bool]
    intent_id: Mapped[str | None] = mapped_column(String(120))
    card_brand: Mapped[str] = mapped_column(String(20), default="")
    card_last4: Mapped[str] = mapped_column(String(4), default="")
    decision: Mapped[str | None] = mapped_column(String(12))
    """take_in, give_back or close; None while it waits."""
    note: Mapped[str] = mapped_column(String(300), default="")
    credited: Mapped[int] = mapped_column(default=0)
    """What became account credit because no invoice of the payment could take it."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    decider: Mapped[Person | None] = relationship(lazy="raise_on_sql")
