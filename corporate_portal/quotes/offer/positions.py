"""What one line of a quote is about: product, price and time, by its effect. Refusals name the field of the line."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db, money, templating
from billing_core.accounts import Account
from billing_core.catalogue import queries as catalogue
from billing_core.catalogue.models import FREQUENCIES, Price, Product
from billing_core.errors import Invalid
from billing_core.subscriptions.models import GRACE, Subscription
from billing_core.subscriptions.proration import MONTHS_OF
from billing_core.words import mark
from corporate_portal.quotes.offer.content import (
    ADD,
    FREE,
    LONGEST_DESCRIPTION,
    MOST_MONTHS,
    MOST_UNITS,
    REMOVE,
    RENEW,
    START,
    LineWish,
    QuoteContent,
)
from corporate_portal.quotes.offer.proration import Stretch, rest_of_term

Offer = tuple[str, str, str]
"""Product code, tier and frequency: what a price is for."""


@dataclass(frozen=True)
class Position:
    """A line before discounts. unit_price is asked, list_price the catalogue's, where it sells this; a period each."""

    product: Product
    description: str
    tier: str
    frequency: str
    unit_price: int
    list_price: int
    starts_on: date
    ends_on: date | None
    subscription: Subscription | None = None
    stretch: Stretch | None = None

    def billed(self, amount: int) -> int:
        """What an amount a period comes to with the acceptance: the first period, or the rest of the term."""
        return self.stretch.of(amount) if self.stretch else amount


@dataclass
class Shelf:
    """What lines can be made of: the prices of the day, the products they name, the account's subscriptions.

    Seats that are taken away and terms that are renewed are counted over all the lines.
    """

    account: Account
    content: QuoteContent
    prices: dict[Offer, Price]
    products: dict[str, Product]
    subscriptions: dict[str, Subscription]
    removed: Counter[str] = field(default_factory=Counter)
    credited: Counter[str] = field(default_factory=Counter)
    """Of those, the ones that leave before the term's end."""
    renewed: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, account: Account, content: QuoteContent) -> "Shelf":
        """Three statements, or two where no line is about a subscription."""
        today = clock.today(account.seller.timezone)
        listed = catalogue.prices_on(today, account.currency)
        prices = {(price.product.code, price.tier, price.frequency): price for price in listed}
        products = catalogue.products_by_code({wish.product_code for wish in content.lines})
        return cls(account, content, prices, products, _subscriptions(account, content))


def _subscriptions(account: Account, content: QuoteContent) -> dict[str, Subscription]:
    wanted = {wish.subscription for wish in content.lines if wish.subscription}
    if not wanted:
        return {}
    own = select(Subscription).where(Subscription.account_id == account.id, Subscription.public_id.in_(wanted))
    found = db.session().scalars(own.options(joinedload(Subscription.product)))
    return {subscription.public_id: subscription for subscription in found}


def position_of(wish: LineWish, at: int, shelf: Shelf) -> Position:
    """What the line at this place is about. Raises Invalid, naming the field."""
    if not 1 <= wish.quantity <= MOST_UNITS:
        sentence = mark("Enter a whole number from %(least)s to %(most)s.")
        raise Invalid(sentence, field=f"lines-{at}-quantity", least=1, most=MOST_UNITS)
    if wish.description and wish.effect != FREE:
        raise Invalid(mark("Only an amount of its own has words of its own."), field=f"lines-{at}-description")
    if wish.effect not in _MADE:
        raise Invalid(mark("Choose what the line does."), field=f"lines-{at}-effect")
    return _MADE[wish.effect](wish, at, shelf)


def _start(wish: LineWish, at: int, shelf: Shelf) -> Position:
    product, unit_price = _priced(wish, at, (wish.product_code, wish.tier, wish.frequency), shelf)
    starts_on = wish.starts_on or shelf.content.starts_on
    return Position(
        product=product,
        description=_name(product, wish.tier),
        tier=wish.tier,
        frequency=wish.frequency,
        unit_price=unit_price,
        list_price=_listed((wish.product_code, wish.tier, wish.frequency), shelf, unit_price),
        starts_on=starts_on,
        ends_on=_term_end(wish, at, starts_on, wish.frequency, shelf),
    )


def _renew(wish: LineWish, at: int, shelf: Shelf) -> Position:
    subscription = _subscription(wish, at, shelf)
    named = f"lines-{at}-subscription"
    if subscription.renewed_by_id is not None or subscription.public_id in shelf.renewed:
        raise Invalid(mark("This subscription is renewed already."), field=named)
    if subscription.period_end + GRACE <= clock.today(shelf.account.timezone):
        sentence = mark("This subscription ended on %(day)s. Offer it as a new product.")
        raise Invalid(sentence, field=named, day=templating.day(subscription.last_day))
    shelf.renewed.add(subscription.public_id)
    product = subscription.product
    tier, frequency = (wish.tier, wish.frequency) if wish.frequency else (subscription.tier, subscription.frequency)
    offer = (product.code, tier, frequency)
    if frequency not in MONTHS_OF:
        raise Invalid(mark("A renewal is billed monthly or yearly."), field=f"lines-{at}-offer")
    _product, unit_price = _priced(wish, at, offer, shelf)
    return Position(
        product=product,
        description=_name(product, tier),
        tier=tier,
        frequency=frequency,
        unit_price=unit_price,
        list_price=_listed(offer, shelf, unit_price),
        starts_on=subscription.period_end,
        ends_on=_term_end(wish, at, subscription.period_end, frequency, shelf),
        subscription=subscription,
    )


def _add(wish: LineWish, at: int, shelf: Shelf) -> Position:
    subscription = _running(wish, at, shelf)
    starts_on = _day_in_term(wish, at, shelf, subscription)
    return _change(wish, at, shelf, subscription, starts_on, subscription.period_end)


def _remove(wish: LineWish, at: int, shelf: Shelf) -> Position:
    subscription = _running(wish, at, shelf)
    left = subscription.seats - subscription.removed_at_end - shelf.removed[subscription.public_id]
    if wish.quantity > left:
        sentence = mark("At most %(most)s seats can be removed: that is how many are left.")
        raise Invalid(sentence, field=f"lines-{at}-quantity", most=max(left, 0))
    if wish.percent_off or wish.amount_off:
        raise Invalid(mark("A credit takes no discount."), field=f"lines-{at}-discount")
    shelf.removed[subscription.public_id] += wish.quantity
    if not wish.credited:
        return _change(wish, at, shelf, subscription, subscription.period_end, None)
    most = subscription.seats - 1 - shelf.credited[subscription.public_id]
    if wish.quantity > most:
        sentence = mark("One seat stays until the term ends, so at most %(most)s can leave before.")
        raise Invalid(sentence, field=f"lines-{at}-quantity", most=max(most, 0))
    shelf.credited[subscription.public_id] += wish.quantity
    starts_on = _day_in_term(wish, at, shelf, subscription)
    return _change(wish, at, shelf, subscription, starts_on, subscription.period_end)


def _change(
    wish: LineWish, at: int, shelf: Shelf, subscription: Subscription, starts_on: date, ends_on: date | None
) -> Position:
    product, tier = subscription.product, subscription.tier
    unit_price = subscription.unit_price if wish.unit_price is None else wish.unit_price
    if not 0 <= unit_price <= money.LARGEST:
        raise Invalid(mark("Enter a price that is not below zero."), field=f"lines-{at}-unit_price")
    return Position(
        product=product,
        description=_name(product, tier),
        tier=tier,
        frequency=subscription.frequency,
        unit_price=unit_price,
        list_price=max(unit_price, subscription.unit_price),  # a price that was agreed before is no discount again
        starts_on=starts_on,
        ends_on=ends_on,
        subscription=subscription,
        stretch=rest_of_term(subscription, starts_on),
    )


def _free(wish: LineWish, at: int, shelf: Shelf) -> Position:
    words = wish.description.strip()
    if not words or len(words) > LONGEST_DESCRIPTION or not words.isprintable():
        sentence = mark("Say in at most %(most)s characters what the amount is for.")
        raise Invalid(sentence, field=f"lines-{at}-description", most=LONGEST_DESCRIPTION)
    product = shelf.products.get(wish.product_code)
    if product is None:
        raise Invalid(mark("Choose the product that says how it is taxed."), field=f"lines-{at}-product")
    if wish.unit_price is None or abs(wish.unit_price) > money.LARGEST:
        raise Invalid(mark("Enter an amount; below zero it is credited."), field=f"lines-{at}-unit_price")
    if wish.unit_price < 0 and (wish.percent_off or wish.amount_off):
        raise Invalid(mark("A credit takes no discount."), field=f"lines-{at}-discount")
    return Position(
        product=product,
        description=words,
        tier="",
        frequency="once",
        unit_price=wish.unit_price,
        list_price=wish.unit_price,
        starts_on=shelf.content.starts_on,
        ends_on=None,
    )


_MADE = {START: _start, RENEW: _renew, ADD: _add, REMOVE: _remove, FREE: _free}


def _priced(wish: LineWish, at: int, offer: Offer, shelf: Shelf) -> tuple[Product, int]:
    listed = shelf.prices.get(offer)
    if wish.unit_price is not None:
        product = shelf.products.get(offer[0])
        if wish.effect == RENEW and product is None:
            product = shelf.subscriptions[wish.subscription].product
        if product is not None and offer[2] in FREQUENCIES and 0 <= wish.unit_price <= money.LARGEST:
            return product, wish.unit_price
    elif listed is not None:
        return listed.product, listed.amount
    raise Invalid(
        mark("Choose something from the catalogue that is sold in %(currency)s."),
        field=f"lines-{at}-offer", currency=shelf.account.currency,
    )  # fmt: skip


def _listed(offer: Offer, shelf: Shelf, asked: int) -> int:
    """The catalogue's price; where it has none, or where more is asked, the asked one: that line gives no discount."""
    listed = shelf.prices.get(offer)
    return max(asked, listed.amount) if listed else asked


def _name(product: Product, tier: str) -> str:
    return " ".join(part for part in (product.name, tier) if part)


def _term_end(wish: LineWish, at: int, starts_on: date, frequency: str, shelf: Shelf) -> date | None:
    if frequency not in MONTHS_OF:
        return None
    is_own = wish.term_months is not None
    months = wish.term_months if wish.term_months is not None else shelf.content.term_months
    named = f"lines-{at}-term_months" if is_own else "term_months"
    if not 1 <= months <= MOST_MONTHS:
        raise Invalid(mark("Enter a term from 1 to %(most)s months."), field=named, most=MOST_MONTHS)
    if months % MONTHS_OF[frequency]:
        raise Invalid(mark("Lines billed yearly need a term of whole years: 12, 24, 36 months."), field=named)
    return clock.add_months(starts_on, months)


def _subscription(wish: LineWish, at: int, shelf: Shelf) -> Subscription:
    """One of the account that is billed; another account's is not found at all."""
    found = shelf.subscriptions.get(wish.subscription)
    named = f"lines-{at}-subscription"
    if found is None or found.is_trial:
        raise Invalid(mark("Choose one of the subscriptions of this account."), field=named)
    if found.currency != shelf.account.currency:
        sentence = mark("This subscription is billed in %(currency)s and cannot stand in this quote.")
        raise Invalid(sentence, field=named, currency=found.currency)
    if wish.product_code and wish.product_code != found.product.code:
        raise Invalid(mark("This subscription is for another product."), field=named)
    return found


def _running(wish: LineWish, at: int, shelf: Shelf) -> Subscription:
    found = _subscription(wish, at, shelf)
    if found.period_end <= clock.today(shelf.account.timezone):
        sentence = mark("This subscription ended on %(day)s. Its seats can no longer change.")
        raise Invalid(sentence, field=f"lines-{at}-subscription", day=templating.day(found.last_day))
    return found


def _day_in_term(wish: LineWish, at: int, shelf: Shelf, subscription: Subscription) -> date:
    starts_on = wish.starts_on or shelf.content.starts_on
    if not subscription.period_start <= starts_on < subscription.period_end:
        raise Invalid(
            mark("Choose a day within the subscription's term, %(start)s to %(end)s."), field=f"lines-{at}-starts_on",
            start=templating.day(subscription.period_start), end=templating.day(subscription.last_day),
        )  # fmt: skip
    return starts_on
