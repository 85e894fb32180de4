"""Products with their tiers, features and prices.

What was sold keeps its price: subscriptions, quotes and invoices copy, they never point to a price.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base

SEAT_KINDS = ("organizer", "agent", "expert", "none")
FREQUENCIES = ("monthly", "yearly", "once")
RECURRING = ("monthly", "yearly")
"""How a subscription is billed."""


class Product(Base):
    """Something sold. tax_category is one of TaxRate's letters, S for most.

    The terms of a trial are not dated, as prices are: a trial that has begun keeps its own period and seats.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_product_source"),
        CheckConstraint("least_seats > 0 AND most_seats >= least_seats", name="ck_product_seats"),
        CheckConstraint(
            "trial_days = 0 OR (trial_days > 0 AND trial_seats >= least_seats AND trial_seats <= most_seats)",
            name="ck_product_trial",
        ),
    )

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
    is_online: Mapped[bool] = mapped_column(default=False)
    """Customers buy it themselves in the Billing Center; everything that is sold, representatives can offer."""
    least_seats: Mapped[int] = mapped_column(default=1)
    most_seats: Mapped[int] = mapped_column(default=1000)
    """Seats that a subscription bought online may have, from and to."""
    trial_days: Mapped[int] = mapped_column(default=0)
    """Days of a free trial; 0 where there is none."""
    trial_seats: Mapped[int] = mapped_column(default=1)
    """Most seats of a trial."""


class Tier(Base):
    """A tier of a product. The rank is its order, the lowest first: what goes to a lower rank is a downgrade.

    Prices and subscriptions name their tier; a tier that is no longer sold stays, because they are compared by rank.
    """

    __tablename__ = "tier"
    __table_args__ = (
        UniqueConstraint("product_id", "name", name="ux_tier_name"),
        UniqueConstraint("product_id", "rank", name="ux_tier_rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int]
    description_en: Mapped[str] = mapped_column(String(400), default="")
    description_de: Mapped[str] = mapped_column(String(400), default="")
    can_be_tried: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)


class Feature(Base):
    """A row of the comparison of a product's tiers."""

    __tablename__ = "feature"
    __table_args__ = (UniqueConstraint("product_id", "code", name="ux_feature_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)
    name_en: Mapped[str] = mapped_column(String(120))
    name_de: Mapped[str] = mapped_column(String(120))


class FeatureValue(Base):
    """What a tier has of a feature: not at all, simply yes, or a value such as 150. Without a row: not at all."""

    __tablename__ = "feature_value"
    __table_args__ = (
        UniqueConstraint("feature_id", "tier", name="ux_feature_value"),
        CheckConstraint("is_included OR (value_en = '' AND value_de = '')", name="ck_feature_value"),
        CheckConstraint("(value_en = '') = (value_de = '')", name="ck_feature_value_languages"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("feature.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    """As a price names it: empty where the product has no tiers."""
    is_included: Mapped[bool] = mapped_column(default=True)
    value_en: Mapped[str] = mapped_column(String(60), default="")
    value_de: Mapped[str] = mapped_column(String(60), default="")


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
