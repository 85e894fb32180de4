"""Product and Price. What was sold keeps its price: quotes and invoices copy, they never point to a price."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base

SEAT_KINDS = ("organizer", "agent", "expert", "none")
FREQUENCIES = ("monthly", "yearly", "once")


class Product(Base):
    """Something sold. tax_category is one of TaxRate's letters, S for most."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("source", "external_id", name="ux_product_source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description_en: Mapped[str] = mapped_column(String(400), default="")
    description_de: Mapped[str] = mapped_column(String(400), default="")
    seat_kind: Mapped[str] = mapped_column(String(12))
    """What one unit is called: organizer, agent, expert, or none for things that are not seats."""
    tax_category: Mapped[str] = mapped_column(String(3), default="S")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Price(Base):
    """The price of one unit for one period, in the currency's smallest unit, from a day on."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint("product_id", "tier", "frequency", "currency", "valid_from", name="ux_price_day"),
        CheckConstraint("amount >= 0", name="ck_price_amount"),
        Index("ix_price_lookup", "currency", "product_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    """Starter, Pro, Plus, or empty where the product has no tiers."""
    frequency: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    valid_from: Mapped[date]

    product: Mapped[Product] = relationship(lazy="raise_on_sql")
