"""Subscription. Its state on a day is derived from its dates, so that no job has to run for it to be true."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant

GRACE = timedelta(days=30)
"""How long a corporate account keeps the use of a term that ended and was not renewed (domain.md 4)."""


class Subscription(Base):
    """A product with tier and seats for a period. period_end is exclusive: the first day after it.

    unit_price is per seat and period, in the currency's smallest unit, as it was sold.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_subscription_source"),
        CheckConstraint("seats > 0", name="ck_subscription_seats"),
        CheckConstraint("period_end > period_start", name="ck_subscription_period"),
        Index("ix_subscription_account", "account_id", "period_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    seats: Mapped[int]
    frequency: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    period_start: Mapped[date]
    period_end: Mapped[date]
    is_trial: Mapped[bool] = mapped_column(default=False)
    removed_at_end: Mapped[int] = mapped_column(default=0)
    """Seats that are not to be renewed: they leave at the term's end (domain.md 4)."""
    renewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    """The subscription whose term follows on this one's."""
    cancelled_on: Mapped[date | None]
    """The day the renewal was switched off; use goes on until period_end."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    is_corporate: Mapped[bool] = column_property(
        select(Account.kind == "corporate").where(Account.id == account_id).correlate_except(Account).scalar_subquery()
    )
    """Sold by a representative: its term ends unless a quote renews it."""

    @property
    def last_day(self) -> date:
        """The last day of the period, as readers write it."""
        return self.period_end - timedelta(days=1)

    @property
    def has_grace(self) -> bool:
        """Use goes on after the term's end, flagged and unbilled, because nothing follows on it yet (domain.md 4)."""
        return self.is_corporate and not self.is_trial and self.renewed_by_id is None

    @property
    def grace_end(self) -> date:
        """The first day without use, where `has_grace`; until then a renewal can still follow on the term."""
        return self.period_end + GRACE

    def is_over(self, today: date) -> bool:
        """The term has ended: seats can neither join nor leave it."""
        return today >= self.period_end

    def status(self, today: date) -> str:
        """scheduled, expired, trial, pending_cancellation or active (domain.md 6), of corporate accounts also grace."""
        if today < self.period_start:
            return "scheduled"
        if today >= self.period_end:
            return "grace" if self.has_grace and today < self.grace_end else "expired"
        if self.is_trial:
            return "trial"
        return "pending_cancellation" if self.cancelled_on else "active"


class SeatAssignment(Base):
    """A person uses one seat of a subscription."""

    __tablename__ = "seat_assignment"
    __table_args__ = (UniqueConstraint("subscription_id", "person_id", name="ux_seat_assignment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    assigned_at: Mapped[datetime] = mapped_column(Instant)
