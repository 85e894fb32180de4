"""OnlineOrder with its lines and their explained charges: the price as it was seen, kept until it is settled."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant, partial_index
from billing_core.ledger.models import CreditNote, Invoice


class OnlineOrder(Base):
    """One press of Place Order. Amounts in smallest units; negative totals are credited (domain.md 6).

    While it is placed, its `credit_used` is held: no one else may use that credit of the account.
    """

    __tablename__ = "online_order"
    __table_args__ = (
        UniqueConstraint("placed_by", "form_key", name="ux_online_order_form"),
        CheckConstraint("total = net + tax", name="ck_online_order_total"),
        CheckConstraint("credit_used >= 0 AND asked >= 0 AND rest >= 0", name="ck_online_order_parts"),
        CheckConstraint(
            "credit_used + asked + rest = CASE WHEN total > 0 THEN total ELSE 0 END", name="ck_online_order_due"
        ),
        CheckConstraint("invoice_id IS NULL OR credit_note_id IS NULL", name="ck_online_order_document"),
        Index("ix_online_order_account", "account_id", "id"),
        partial_index("ix_online_order_placed", "account_id", where="state = 'placed'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    placed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contact.id"))
    form_key: Mapped[str] = mapped_column(String(60))
    """The account's id and the random key of the form: the same form sent twice is the same order."""
    seen: Mapped[str] = mapped_column(String(64))
    """The digest of what the person saw and agreed to."""
    state: Mapped[str] = mapped_column(String(12))
    day: Mapped[date]
    """On the account's calendar: the day whose prices hold, and on which new periods begin."""
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    """Of its documents."""
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    credit_used: Mapped[int]
    """Account credit that pays a part of it."""
    asked: Mapped[int]
    """What the card is charged for it."""
    rest: Mapped[int]
    """Too little for a card: it stays open on the invoice and is collected with the next charge."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was not carried out although the money came, for finance."""
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"), unique=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    invoice: Mapped[Invoice | None] = relationship(lazy="raise_on_sql")
    credit_note: Mapped[CreditNote | None] = relationship(lazy="raise_on_sql")
    lines: Mapped[list["OnlineOrderLine"]] = relationship(lazy="raise_on_sql", order_by="OnlineOrderLine.position")

    @property
    def is_renewal(self) -> bool:
        """The next period of one subscription, which nobody had to order."""
        return any(line.effect == "renew" for line in self.lines)


class OnlineOrderLine(Base):
    """One product of an order and what becomes of it.

    effect: start, trial, change or renew. `subscription_id` is the one that is changed or renewed, or the trial that a
    start ends; what was known of it when the price was made stands in `based_on`.
    """

    __tablename__ = "online_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position", name="ux_online_order_line"),
        partial_index("ux_online_order_line_open", "account_id", "product_id", unique=True, where="is_open"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("online_order.id"))
    position: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    is_open: Mapped[bool]
    """Its order is placed: nothing else is ordered of the product meanwhile."""
    effect: Mapped[str] = mapped_column(String(8))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    based_on: Mapped[str] = mapped_column(String(64), default="")
    """The digest of the subscription as it was priced; another one by the settlement cannot be applied."""
    tier: Mapped[str] = mapped_column(String(20), default="")
    seats: Mapped[int]
    frequency: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[int]
    restarts: Mapped[bool]
    """A period begins, on the order's day or, of a renewal, where the last one ended; billed with the tax below."""
    period_start: Mapped[date]
    period_end: Mapped[date]
    anchor_day: Mapped[int]
    tax_category: Mapped[str] = mapped_column(String(3))
    tax_rate: Mapped[int]

    @property
    def last_day(self) -> date:
        """The last day of its period, as readers write it."""
        return self.period_end - timedelta(days=1)

    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    charges: Mapped[list["OnlineOrderCharge"]] = relationship(
        lazy="raise_on_sql", order_by="OnlineOrderCharge.position"
    )


class OnlineOrderCharge(Base):
    """One explained amount of a line (subscriptions/proration.py), with its tax; negative where it is credited."""

    __tablename__ = "online_order_charge"
    __table_args__ = (UniqueConstraint("line_id", "position", name="ux_online_order_charge"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("online_order_line.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    days: Mapped[int]
    of_days: Mapped[int]
    seats: Mapped[int]
    unit_price: Mapped[int]
    amount: Mapped[int]
    period_start: Mapped[date]
    period_end: Mapped[date]
    tax_category: Mapped[str] = mapped_column(String(3))
    tax_rate: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
