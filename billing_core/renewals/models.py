"""Each attempt to renew a subscription, and each notice that was sent: what must never be double stands here."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant

NO_CARD, CARD_EXPIRED, CARD_REFUSED = "no_card", "card_expired", "card_refused"
NO_CONTACT, REFUSED, PERSON = "no_contact", "refused", "authentication"
"""Why an attempt failed without the bank's no; any other word is the bank's, or what became of the payment."""


class RenewalAttempt(Base):
    """One attempt to bill the period that begins on `period_start`: an online order, or why there could be none.

    Written in the transaction that puts the order down, under the locks of account and subscription. Whether it
    succeeded its order says; a contact who pays by hand makes none.
    """

    __tablename__ = "renewal_attempt"
    __table_args__ = (
        UniqueConstraint("subscription_id", "period_start", "number", name="ux_renewal_attempt"),
        UniqueConstraint("subscription_id", "day", name="ux_renewal_attempt_day"),
        UniqueConstraint("order_id", name="ux_renewal_attempt_order"),
        CheckConstraint("number > 0", name="ck_renewal_attempt_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    period_start: Mapped[date]
    """Of the period that is to be billed: the end of the one before."""
    number: Mapped[int]
    day: Mapped[date]
    """On the account's calendar. A subscription is never tried twice on one day."""
    order_id: Mapped[int | None] = mapped_column(ForeignKey("online_order.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_card.id"))
    failure: Mapped[str] = mapped_column(String(60), default="")
    """Why it failed; empty while it is under way and once it has succeeded."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class RenewalNotice(Base):
    """A notice that was sent, once for what it is about."""

    __tablename__ = "renewal_notice"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    """What it is about: renewal, trial or card, its public id, and the day that it announces."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    sent_at: Mapped[datetime] = mapped_column(Instant)
