"""An online account that buys: products with tiers, a contact, and what it ordered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Price, Product, Tier
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Buy, Wish
from billing_core.payments import ordering
from billing_core.payments.ordering import Placed, Preview
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from tests.factories import core
from tests.factories.till import CardTill

PRICES = {("Starter", "monthly"): 500, ("Pro", "monthly"): 1000, ("Plus", "monthly"): 2000, ("Starter", "yearly"): 5000,
          ("Pro", "yearly"): 10000, ("Plus", "yearly"): 20000}  # fmt: skip
"""Of a seat and period, net."""


TIERS = ("Starter", "Pro", "Plus")


@dataclass
class Shop:
    """10.00 a seat and month for Pro, at 19 %."""

    account: Account
    buyer: Viewer
    product: Product
    other: Product

    def see(self, *wishes: Wish) -> Preview:
        """What a page would show."""
        with db.reading():
            return ordering.preview(self.buyer, self.account.public_id, wishes)

    def order(self, *wishes: Wish, means: Means = NEW_CARD, form: str = "", seen: str | None = None) -> Placed:
        """Look at it, and place it."""
        seen = seen or self.see(*wishes).digest
        key = form or db.public_id("form")
        return ordering.place_order(
            self.buyer, self.account.public_id, wishes, seen, key, means=means, return_path="/billing/orders"
        )  # fmt: skip

    def bought(self, till: CardTill, *wishes: Wish) -> OnlineOrder:
        """Ordered, and paid on the hosted page where it costs something."""
        placed = self.order(*wishes)
        if placed.payment is not None:
            till.enter_card(placed.payment)
            placed = ordering.come_back(self.buyer, placed.order.public_id)
        assert placed.order.state == "fulfilled", placed.order.state
        return placed.order

    def buy(self, seats: int = 5, tier: str = "Pro", frequency: str = "monthly") -> Buy:
        """The wish for a new subscription."""
        return Buy(self.product.code, tier, seats, frequency)

    def make_due(self, day: date) -> str:
        """The newest subscription as if it had been bought so long ago that its period ends on the day; its id."""
        found = self.subscription()
        dates = {"period_start": clock.add_months(day, -1), "period_end": day, "anchor_day": day.day}
        moved = update(Subscription).where(Subscription.id == found.id).values(**dates)
        db.perform(lambda: db.session().execute(moved))
        return found.public_id

    def subscriptions(self) -> Sequence[Subscription]:
        """All of the account, the oldest first."""
        with db.reading() as session:
            own = select(Subscription).where(Subscription.account_id == self.account.id)
            return session.scalars(own.order_by(Subscription.id)).all()

    def subscription(self) -> Subscription:
        """The newest one."""
        return self.subscriptions()[-1]


def product(name: str, **changes: Any) -> Product:
    """A product with three tiers, sold online, and no untiered price; it can be tried for 14 days."""
    sold: dict[str, Any] = {"is_online": True, "most_seats": 9_999, "trial_days": 14, "trial_seats": 9_999}
    found = core.product(name=name, **(sold | changes))
    for rank, tier in enumerate(TIERS, start=1):
        core.add(Tier(product_id=found.id, name=tier, rank=rank))

    def reprice() -> None:
        for price in db.session().scalars(select(Price).where(Price.product_id == found.id)):
            db.session().delete(price)
        for (tier, frequency), amount in PRICES.items():
            for currency in ("EUR", "JPY", "KWD"):
                db.session().add(
                    Price(product_id=found.id, tier=tier, frequency=frequency, currency=currency, amount=amount,
                          valid_from=date(2020, 1, 1))
                )  # fmt: skip

    db.perform(reprice)
    return found


def shop(**changes: Any) -> Shop:
    """An online account with one contact who may order."""
    account = core.account(kind="online", **changes)
    buyer = core.viewer(core.contact(account), Realm.MY)
    return Shop(account, buyer, product("GoMeet"), product("GoTrain", seat_kind="agent"))


def reprice(of: Product, amount: int, day: date, tier: str = "Pro", frequency: str = "monthly") -> None:
    """Another price from the day on."""
    core.add(
        Price(product_id=of.id, tier=tier, frequency=frequency, currency="EUR", amount=amount, valid_from=day)
    )  # fmt: skip


def invoice_of(order: OnlineOrder) -> Invoice:
    """The order's invoice as it is now."""
    with db.reading() as session:
        return session.get_one(Invoice, order.invoice_id)


def credit_note_of(order: OnlineOrder) -> CreditNote:
    """The order's credit note."""
    with db.reading() as session:
        return session.get_one(CreditNote, order.credit_note_id)


def credit_of(account: Account) -> int:
    """What the account has left over."""
    from billing_core.ledger import incoming

    with db.reading():
        return incoming.credit_of(account.id, account.currency)
