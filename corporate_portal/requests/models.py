"""QuoteRequest: a billing contact asks for seats or products; a task for the representative until it is answered."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core import clock
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant
from billing_core.people import Person
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import Quote
from corporate_portal.requests import states


class QuoteRequest(Base):
    """What is wanted. `effect` add: seats for `subscription`; remove: seats leave it; start: a product that is new."""

    __tablename__ = "quote_request"
    __table_args__ = (
        UniqueConstraint("account_id", "key", name="ux_quote_request_key"),
        CheckConstraint("(state = 'drafted') = (quote_id IS NOT NULL)", name="ck_quote_request_quote"),
        Index("ix_quote_request_account", "account_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    key: Mapped[str] = mapped_column(String(50))
    """The form's own random name: the same form sent twice asks once."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(8), default=states.OPEN)
    effect: Mapped[str] = mapped_column(String(8))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    tier: Mapped[str] = mapped_column(String(20), default="")
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    seats: Mapped[int]
    wanted_on: Mapped[date | None]
    text: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    quote_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str] = mapped_column(Text, default="")
    """Why no quote was made, where it was closed."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    subscription: Mapped[Subscription | None] = relationship(lazy="raise_on_sql")
    quote: Mapped[Quote | None] = relationship(lazy="raise_on_sql")

    @property
    def asked_on(self) -> date:
        """The day on the account's calendar; the account is loaded."""
        return clock.local(self.asked_at, self.account.timezone).date()
