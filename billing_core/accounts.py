"""Accounts: the companies that buy. A corporate account is billed on terms, an online account serves itself."""

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant, partial_index
from billing_core.sellers.models import Seller

VAT_CONFIRMATION_LASTS = timedelta(days=90)
"""How long a confirmed VAT ID counts for reverse charge (domain.md 5)."""


class Account(Base):
    """A customer. kind: corporate or online. Every document's currency is the account's own at that time."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_account_source"),
        CheckConstraint("kind IN ('corporate', 'online')", name="ck_account_kind"),
        Index("ix_account_rep", "rep_id", "name_folded"),
        partial_index("ix_account_vat_confirmed", "vat_confirmed_at", where="vat_confirmed_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    """The customer number on documents."""
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(160))
    name_folded: Mapped[str] = mapped_column(String(200))
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """The representative of a corporate account."""
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    timezone: Mapped[str] = mapped_column(String(40))
    street: Mapped[str] = mapped_column(String(160))
    postal_code: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(2))
    """Not changeable in the portal: it decides tax, so the vendor has to be asked (domain.md 5)."""
    phone: Mapped[str] = mapped_column(String(40), default="")
    vat_id: Mapped[str | None] = mapped_column(String(20))
    vat_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When VIES, or finance with a note, confirmed the VAT ID; it counts for 90 days (domain.md 5)."""
    vat_note: Mapped[str] = mapped_column(Text, default="")
    po_required: Mapped[bool] = mapped_column(default=False)
    po_pattern: Mapped[str] = mapped_column(String(60), default="")
    """What a purchase order number looks like: # a digit, @ a letter, * anything further, the rest as it is."""
    payment_days: Mapped[int] = mapped_column(default=30)
    second_above: Mapped[int | None]
    """Smallest units of `currency`, gross: whatever orders for more needs two contacts. None: one contact is enough."""
    requires_factor: Mapped[bool] = mapped_column(default=False)
    """Its contacts have to sign in in two steps (credentials.factors.duty)."""
    hides_contacts: Mapped[bool] = mapped_column(default=False)
    """Do not name the billing contact to admins who are not one (domain.md 2b)."""
    closed_on: Mapped[date | None]

    seller: Mapped[Seller] = relationship(lazy="raise_on_sql")

    @property
    def is_corporate(self) -> bool:
        """Sold and managed through a representative."""
        return self.kind == "corporate"


class PurchaseOrder(Base):
    """A purchase order number that the account keeps, with what it may be used for. Numbers not kept here are free."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("account_id", "number", name="ux_purchase_order"),
        CheckConstraint("budget IS NULL OR budget >= 0", name="ck_purchase_order_budget"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number: Mapped[str] = mapped_column(String(100))
    expires_on: Mapped[date | None]
    """Last day on which it may be used."""
    budget: Mapped[int | None]
    """Gross, smallest units of the account's currency; exceeding it warns, and refuses nothing."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    """No longer offered; what was ordered under it stays."""


def follows_pattern(number: str, pattern: str) -> bool:
    """Whether a purchase order number looks as the account's pattern says (Account.po_pattern); none asks nothing.

    Compared sign by sign; upper and lower case count, and a * ends the comparison.
    """
    if not pattern:
        return True
    fixed, rest, _ = pattern.partition("*")
    longer = len(number) > len(fixed) and not rest
    return len(number) >= len(fixed) and not longer and all(map(_fits, number, fixed))


def _fits(sign: str, wanted: str) -> bool:
    if wanted == "#":
        return sign in "0123456789"
    return sign.isalpha() if wanted == "@" else sign == wanted


def vat_is_confirmed(account: Account, now: datetime) -> bool:
    """Whether the account's VAT ID was confirmed so recently that reverse charge may rest on it."""
    confirmed = account.vat_confirmed_at
    return bool(account.vat_id) and confirmed is not None and confirmed <= now < confirmed + VAT_CONFIRMATION_LASTS
