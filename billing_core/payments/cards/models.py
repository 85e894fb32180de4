"""The processor's customer of an account, the cards that it keeps for it, and each attempt to add one.

Of a card there are brand, last four digits and expiry, and the processor's name of it; never a number.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index
from billing_core.payments import states
from billing_core.people import Person

BRAND_NAMES = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover"}
"""Card brands as they write themselves."""
SOON = timedelta(days=60)
"""How long before its end a card is said to expire soon."""


def card_name(brand: str, last4: str) -> str:
    """The card as its owner knows it: Visa •••• 4242; empty where it is not known."""
    return f"{BRAND_NAMES.get(brand, brand.title())} •••• {last4}" if last4 else ""


class ProcessorCustomer(Base):
    """Under what the processor keeps an account's cards; one in each mode. Made before the first card is kept."""

    __tablename__ = "processor_customer"
    __table_args__ = (UniqueConstraint("account_id", "livemode", name="ux_processor_customer_account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    """Metadata and idempotency key."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    livemode: Mapped[bool]
    processor_customer: Mapped[str | None] = mapped_column(String(120), unique=True)
    """None until the processor has answered; never changed afterwards."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class SavedCard(Base):
    """A card on file. It is charged at the processor by `processor_method`, and never again once it is removed."""

    __tablename__ = "saved_card"
    __table_args__ = (
        partial_index("ux_saved_card_default", "account_id", unique=True, where="is_default"),
        CheckConstraint("removed_at IS NULL OR NOT is_default", name="ck_saved_card_default"),
        CheckConstraint("exp_month BETWEEN 1 AND 12", name="ck_saved_card_month"),
        Index("ix_saved_card_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("processor_customer.id"))
    processor_method: Mapped[str] = mapped_column(String(120), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(60))
    """The same for the same number, however often it is kept; it says nothing about the number."""
    brand: Mapped[str] = mapped_column(String(20))
    last4: Mapped[str] = mapped_column(String(4))
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    livemode: Mapped[bool]
    is_default: Mapped[bool] = mapped_column(default=False)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    detached_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the processor let go of it, some time after it was removed here."""

    customer: Mapped[ProcessorCustomer] = relationship(lazy="raise_on_sql")
    adder: Mapped[Person] = relationship(lazy="raise_on_sql")

    @property
    def name(self) -> str:
        """The card as its owner knows it."""
        return card_name(self.brand, self.last4)

    @property
    def last_day(self) -> date:
        """The last day on which it can be charged: the last one of its month."""
        return date(self.exp_year, self.exp_month, monthrange(self.exp_year, self.exp_month)[1])

    def has_expired(self, today: date) -> bool:
        """It cannot be charged any more."""
        return self.last_day < today

    def expires_soon(self, today: date) -> bool:
        """Its owner should think of another one."""
        return today <= self.last_day <= today + SOON


class CardSetup(Base):
    """One attempt to add a card, by whom and how far it came. No money is part of it.

    The public id is what the processor knows it by: reference, metadata and idempotency key.
    """

    __tablename__ = "card_setup"
    __table_args__ = (
        UniqueConstraint("requested_by", "form_key", name="ux_card_setup_form"),
        partial_index("ix_card_setup_check", "check_at", where="check_at IS NOT NULL"),
        Index("ix_card_setup_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("processor_customer.id"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(String(40))
    """The account's id and the random key of the form: the same form sent twice is the same attempt."""
    state: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    """Of the account: it says which brands can be added."""
    locale: Mapped[str] = mapped_column(String(2))
    livemode: Mapped[bool]
    processor_session: Mapped[str | None] = mapped_column(String(120), unique=True)
    hosted_url: Mapped[str | None] = mapped_column(Text)
    return_path: Mapped[str] = mapped_column(String(120), default="")
    """Where the person's page of the cards is, if not in the portal: the processor leads back there."""
    card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_card.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the reconciler asks the processor next; None once nothing can change any more."""
    checks: Mapped[int] = mapped_column(default=0)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    customer: Mapped[ProcessorCustomer] = relationship(lazy="raise_on_sql")

    @property
    def own_path(self) -> str:
        """The page of the cards on which the person began."""
        return self.return_path or "/profile/cards"

    @property
    def is_under_way(self) -> bool:
        """The processor has not yet said what became of it."""
        return self.state in states.SETUP_UNDER_WAY
