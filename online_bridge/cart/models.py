"""Cart and CartLine: what a contact wishes, without any price. Prices are made anew whenever the cart is looked at."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant
from billing_core.orders.online.wishes import Buy, Change, Try, Wish
from billing_core.subscriptions.models import Subscription

BUY, TRY, CHANGE = "buy", "try", "change"


class Cart(Base):
    """One of each account and contact (domain.md 6); it is kept when the person leaves."""

    __tablename__ = "cart"
    __table_args__ = (UniqueConstraint("account_id", "person_id", name="ux_cart_person"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)


class CartLine(Base):
    """A wish about one product; a second one about it takes the place of the first.

    An order of the same person that is younger than the wish and was carried out has taken the line out of the cart:
    the settlement need not know of carts, and a declined card loses none (docs/adr/0032).
    """

    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("cart_id", "product_id", name="ux_cart_line_product"),
        CheckConstraint("(kind = 'change') = (subscription_id IS NOT NULL)", name="ck_cart_line_change"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"))
    kind: Mapped[str] = mapped_column(String(8))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    tier: Mapped[str] = mapped_column(String(20))
    seats: Mapped[int]
    frequency: Mapped[str] = mapped_column(String(8))
    """Empty for a trial."""
    wished_after: Mapped[int]
    """The id of the newest order of the account when it was wished; 0 where there was none."""

    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    subscription: Mapped[Subscription | None] = relationship(lazy="raise_on_sql")

    @property
    def wish(self) -> Wish:
        """What it says, as an order takes it."""
        if self.kind == TRY:
            return Try(self.product.code, self.tier, self.seats)
        if self.subscription is not None:
            return Change(self.subscription.public_id, self.tier, self.seats, self.frequency)
        return Buy(self.product.code, self.tier, self.seats, self.frequency)
