"""ServiceOrder: one per acceptance of a corporate quote, and the invoices that it still has to bring."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index


class ServiceOrder(Base):
    """state: pending (a line's day is to come), fulfilled. `origin` is the accepted quote version, ordered once."""

    __tablename__ = "service_order"
    __table_args__ = (
        UniqueConstraint("origin", name="ux_service_order_origin"),
        Index("ix_service_order_account", "account_id", "id"),
        partial_index("ix_service_order_pending", "starts_on", where="state = 'pending'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    origin: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    starts_on: Mapped[date]
    placed_at: Mapped[datetime] = mapped_column(Instant)
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    """When its last line took effect."""
    admin_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who becomes an account admin, with one seat of each product."""
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contact.id"))
    """Whom the invoices are addressed to, as long as that contact is active."""
    title: Mapped[str] = mapped_column(String(160), default="")
    locale: Mapped[str] = mapped_column(String(2), default="en")
    currency: Mapped[str] = mapped_column(String(3), default="")
    po_number: Mapped[str] = mapped_column(String(100), default="")
    quote_number: Mapped[str] = mapped_column(String(40), default="")
    payment_days: Mapped[int] = mapped_column(default=30)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    lines: Mapped[list["OrderLine"]] = relationship(lazy="raise_on_sql", order_by="OrderLine.position")


class OrderLine(Base):
    """One ordered product and what becomes of it. `term_end` is exclusive; None for what is delivered once.

    effect: start, renew, add, remove or free, as the quote's line says. `subscription_id` is the one that an add,
    remove or renew is about.
    """

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("service_order.id"), index=True)
    effect: Mapped[str] = mapped_column(String(8), default="start")
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    description: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(20), default="")
    discount: Mapped[int] = mapped_column(default=0)
    """Off each billing period, in smallest units."""
    is_credited: Mapped[bool] = mapped_column(default=False)
    """A removal that carries a negative amount: it takes effect at `term_start`, not at the term's end."""
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    position: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    seats: Mapped[int]
    frequency: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    term_start: Mapped[date]
    term_end: Mapped[date | None]


class ScheduledInvoice(Base):
    """A later invoice of an order: everything of it whose billing period begins on `issue_on`, billed in advance.

    state: waiting, issued. An order has one a day, so that none is issued twice.
    """

    __tablename__ = "scheduled_invoice"
    __table_args__ = (
        UniqueConstraint("order_id", "issue_on", name="ux_scheduled_invoice"),
        partial_index("ix_scheduled_waiting", "issue_on", where="state = 'waiting'"),
        CheckConstraint("(state = 'issued') = (invoice_id IS NOT NULL)", name="ck_scheduled_invoice"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("service_order.id"))
    issue_on: Mapped[date]
    """Day on the seller's calendar."""
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    issued_at: Mapped[datetime | None] = mapped_column(Instant)

    order: Mapped[ServiceOrder] = relationship(lazy="raise_on_sql")
