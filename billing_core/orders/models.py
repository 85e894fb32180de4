"""ServiceOrder: one per acceptance of a corporate quote."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index


class ServiceOrder(Base):
    """state: pending (future start), fulfilled, cancelled. `origin` is the accepted quote version, ordered once."""

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

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    lines: Mapped[list["OrderLine"]] = relationship(lazy="raise_on_sql", order_by="OrderLine.position")


class OrderLine(Base):
    """One ordered product. `term_end` is exclusive; None for one-off lines, which make no subscription."""

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("service_order.id"), index=True)
    position: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    seats: Mapped[int]
    frequency: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    term_start: Mapped[date]
    term_end: Mapped[date | None]
