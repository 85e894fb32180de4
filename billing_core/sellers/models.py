"""Seller and TaxRate (domain.md 1)."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base


class Seller(Base):
    """A legal entity that appears on documents. `code` begins its document numbers: DE in DE-2026-000042."""

    __tablename__ = "seller"
    __table_args__ = (UniqueConstraint("source", "external_id", name="ux_seller_source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    street: Mapped[str] = mapped_column(String(160))
    postal_code: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(2))
    vat_id: Mapped[str | None] = mapped_column(String(20))
    registration: Mapped[str] = mapped_column(String(160), default="")
    """Register and managing directors as business letters must state them."""
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40), default="")
    website: Mapped[str] = mapped_column(String(160), default="")
    bank_name: Mapped[str] = mapped_column(String(80), default="")
    iban: Mapped[str] = mapped_column(String(40), default="")
    """IBAN, or where there is none the local account number as it is to be printed."""
    bic: Mapped[str] = mapped_column(String(40), default="")
    """BIC, or the local routing number."""
    timezone: Mapped[str] = mapped_column(String(40))


class TaxRate(Base):
    """The rate of a country and category from a day on, until the next row of the same two begins.

    category: the UNCL 5305 letters that EN 16931 uses: S standard, AA reduced, Z zero, E exempt, AE reverse charge,
    G export, O outside the scope of VAT. rate is in basis points. The exemption texts are printed where no tax is
    charged.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        UniqueConstraint("country", "category", "valid_from", name="ux_tax_rate_day"),
        CheckConstraint("rate >= 0 AND rate <= 10000", name="ck_tax_rate_range"),
        Index("ix_tax_rate_country", "country", "category", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    category: Mapped[str] = mapped_column(String(3))
    rate: Mapped[int]
    valid_from: Mapped[date]
    exemption_en: Mapped[str] = mapped_column(Text, default="")
    exemption_de: Mapped[str] = mapped_column(Text, default="")
