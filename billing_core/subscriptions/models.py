"""Subscription. Its state on a day is derived from its dates, so that no job has to run for it to be true."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant, partial_index

ONLINE = "online"
"""The source of what an online order began."""
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
        partial_index("ux_subscription_live", "account_id", "product_id", unique=True, where="is_live"),
        partial_index(
            "ux_subscription_trial", "account_id", "product_id", unique=True, where="is_trial AND source = 'online'"
        ),
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
    is_live: Mapped[bool] = mapped_column(default=False)
    """The one live subscription of its product in an online account: not pending cancellation, not followed by another.
    Only what an online order began carries it. A trial that expired gives it up when the next one begins, and a paid
    subscription when nobody has paid its renewal for 14 days."""
    ended_on: Mapped[date | None]
    """The first day without use where that is not period_end: a trial that was subscribed to ahead of it, or a renewal
    that was not paid in time."""
    retry_on: Mapped[date | None]
    """Its renewal has failed: the day of the next attempt, or of its end. None: nothing is overdue."""
    planned_tier: Mapped[str | None] = mapped_column(String(20))
    """The lower tier that support has planned for the period's end; without effect unless it `renews`."""
    planned_price: Mapped[int | None]
    """What a seat and period of that tier costs, as it was planned."""
    anchor_day: Mapped[int | None]
    """The day of the month on which online periods begin; None: that of period_start."""
    is_paid: Mapped[bool] = mapped_column(default=True)
    """Nothing is credited for a running period that was not paid."""
    invoice_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"))
    """The line that billed the running period of an online subscription; None where a credit note set it off."""
    tax_category: Mapped[str] = mapped_column(String(3), default="")
    """With which the running period was invoiced; empty where that is not known (imported)."""
    tax_rate: Mapped[int | None]

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

    @property
    def renews(self) -> bool:
        """It is renewed at its period's end, and goes on until `billing_core.renewals` has renewed or ended it."""
        return self.is_live and not self.is_trial and self.cancelled_on is None and self.ended_on is None

    @property
    def is_to_be_lowered(self) -> bool:
        """Its next period begins with the lower tier that support has planned."""
        return self.renews and self.planned_tier is not None

    @property
    def next_plan(self) -> tuple[str, int]:
        """Tier and unit price of the period that follows on the present one."""
        if self.renews and self.planned_tier is not None and self.planned_price is not None:
            return self.planned_tier, self.planned_price
        return self.tier, self.unit_price

    @property
    def anchor(self) -> int:
        """The day of the month on which its periods begin."""
        return self.anchor_day or max(self.period_start.day, self.period_end.day)

    def is_running(self, today: date) -> bool:
        """It can be used today, as an online account sees it."""
        if self.ended_on is not None and today >= self.ended_on:
            return False
        return self.period_start <= today and (today < self.period_end or self.renews)

    def is_over(self, today: date) -> bool:
        """The term has ended: seats can neither join nor leave it."""
        return today >= self.period_end

    def is_unpaid(self, today: date) -> bool:
        """Its period is over, and the next one can still be paid."""
        return self.renews and self.is_over(today)

    def status(self, today: date) -> str:
        """scheduled, expired, trial, pending_cancellation, payment_overdue or active (domain.md 6).

        Of corporate accounts also grace. What is to be renewed is active until an attempt to charge it has failed.
        """
        if today < self.period_start:
            return "scheduled"
        if self.ended_on is not None and today >= self.ended_on:
            return "expired"
        if today >= self.period_end and self.renews:
            return "payment_overdue" if self.retry_on else "active"
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
