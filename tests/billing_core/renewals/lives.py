"""Customers who keep an online subscription for years, and our own count of what they must have been billed.

The count is said a second time here, from domain.md 6 alone: it imports nothing of renewals, proration or the clock.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing_core import db
from billing_core.orders.online.ending import cancel_subscription, remove_cancellation
from billing_core.orders.online.wishes import Buy, Change, Wish
from billing_core.payments import ordering
from billing_core.payments.cards.keeping import make_default
from billing_core.payments.sharing import Means
from billing_core.renewals import queries, service
from tests.factories import cards
from tests.factories.shop import Shop
from tests.factories.till import CardTill

MONTHS = {"monthly": 1, "yearly": 12}
PRICE = {"monthly": 1000, "yearly": 10000}
"""Of a seat and period of Pro, in the smallest unit of every currency."""
TRIES = (0, 3, 7, 14)
"""Days after the first attempt on which a renewal is tried."""
VALID = 4
"""Years that the sandbox's cards are valid: to the end of December."""
CARDS = {"good": "pm_card_visa", "fails": "pm_card_chargeCustomerFail", "asks": "pm_card_authenticationRequired"}

Period = tuple[date, date, int | None]
"""First day, first day after it, and its price before tax; None where the rest of another period is taken off it."""


def later(day: date, frequency: str, anchor: int) -> date:
    """The end of the period that begins on the day."""
    years, month = divmod(day.month - 1 + MONTHS[frequency], 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(anchor, last))


@dataclass
class Life:
    """One customer of one subscription. `deeds` are what happens to it besides renewals, with their days."""

    shop: Shop
    till: CardTill
    frequency: str
    seats: int
    is_careful: bool
    """A new card comes before the old one expires; else after the first charge that fails."""
    deeds: list[tuple[date, str]]
    billed: list[Period] = field(default_factory=list)
    anchor: int = 0
    card: str = ""
    card_id: str = ""
    valid_until: date = date.min
    tried: date | None = None
    """The first attempt to bill the period that is due."""
    retry: date | None = None
    last_attempt: date | None = None
    is_cancelled: bool = False
    is_over: bool = False
    is_given_up: bool = False
    """The owner of the card that fails does nothing about it."""

    @property
    def today(self) -> date:
        """On the account's calendar."""
        return datetime.now(UTC).astimezone(ZoneInfo(self.shop.account.timezone)).date()

    @property
    def end(self) -> date:
        """The first day that is not billed."""
        return self.billed[-1][1]

    @property
    def is_running(self) -> bool:
        """It can be used today."""
        return not self.is_over and not (self.is_cancelled and self.today >= self.end)

    def begin(self) -> None:
        """Subscribed, for the first time or again."""
        self._take_card("good")
        self._order(Buy(self.shop.product.code, "Pro", self.seats, self.frequency))
        self._bill_from(self.today, self.seats * PRICE[self.frequency])
        self.tried, self.retry, self.is_cancelled, self.is_over, self.is_given_up = None, None, False, False, False

    def count(self) -> None:
        """What a worker must have done today: at most one attempt."""
        today = self.today
        is_due = today >= self.end and not self.is_cancelled and not self.is_over
        if not is_due or (self.retry is not None and today < self.retry) or self.last_attempt == today:
            return
        if self.card != "asks" or self.tried is None:
            self.last_attempt = today
        if self.card == "good" and today <= self.valid_until:
            self._renewed()
            return
        self.tried = self.tried or today
        days = [self.tried + timedelta(days) for days in TRIES]
        self.retry = next((day for day in days if day > today), None)
        self.is_over = self.retry is None

    def act(self, *, may_begin: bool) -> None:
        """What the customer does today: looks after trouble, or does the next deed that is possible."""
        if not self.is_running:
            self.begin()
        elif self.tried is not None:
            self._look_after_it()
        elif self.is_careful and self.valid_until - self.today < timedelta(days=30):
            self._take_card("good")
        elif may_begin and self.deeds and self.deeds[0][0] <= self.today:
            self._do(self.deeds[0][1])

    def _look_after_it(self) -> None:
        if self.card == "asks":
            self._pay_by_hand()
        elif self.is_given_up:
            return
        if self.card != "good" or self.today > self.valid_until:
            self._take_card("good")

    def _do(self, deed: str) -> None:
        """Those that need a running period wait for one."""
        is_calm = self.billed[-1][0] < self.today < self.end and self.card == "good" and not self.is_cancelled
        subscription = self.shop.subscription().public_id
        who, account = self.shop.buyer, self.shop.account.public_id
        if deed == "restore":
            if self.is_cancelled:
                db.perform(remove_cancellation, who, account, subscription)
            self.is_cancelled = False
        elif deed == "cancel":
            db.perform(cancel_subscription, who, account, subscription)
            self.is_cancelled = True
        elif not is_calm:
            return
        elif deed in ("fewer", "more", "yearly") and self.today > self.valid_until:
            self._take_card("good")  # the order would be refused; it comes on another day
            return
        elif deed in ("fails", "lapses", "asks"):
            self._take_card("asks" if deed == "asks" else "fails")
            self.is_given_up = deed == "lapses"
        elif deed == "fewer":
            self.seats -= 1
            self._order(Change(subscription, "Pro", self.seats, self.frequency))
        else:
            self.seats += 1
            self.frequency = "yearly" if deed == "yearly" else self.frequency
            self._order(Change(subscription, "Pro", self.seats, self.frequency))
            self._bill_from(self.today, None)
        self.deeds.pop(0)

    def _bill_from(self, day: date, price: int | None) -> None:
        self.anchor = day.day
        self.billed.append((day, later(day, self.frequency, self.anchor), price))

    def _renewed(self) -> None:
        self.billed.append((self.end, later(self.end, self.frequency, self.anchor), self.seats * PRICE[self.frequency]))
        self.tried = self.retry = None

    def _take_card(self, kind: str) -> None:
        card = cards.saved(self.till, self.shop.account, self.shop.buyer, CARDS[kind])
        db.perform(make_default, self.shop.buyer, card.public_id)
        year = datetime.now(UTC).year + VALID
        self.card, self.card_id, self.valid_until = kind, card.public_id, date(year, 12, 31)

    def _order(self, wish: Wish) -> None:
        seen = self.shop.see(wish)
        means = Means(self.card_id if seen.charge else None)
        placed = ordering.place_order(
            self.shop.buyer, self.shop.account.public_id, [wish], seen.digest, db.public_id("form"), means=means
        )
        assert placed.order.state == "fulfilled", (wish, placed.order.state)

    def _pay_by_hand(self) -> None:
        """The bank's question is answered on the page to which the mail leads."""
        subscription, buyer = self.shop.subscription().public_id, self.shop.buyer
        with db.reading():
            _, seen = queries.overdue(buyer, subscription)
        placed = service.pay_renewal(
            buyer, self.shop.account.public_id, subscription, seen.digest, db.public_id("form"),
            means=Means(self.card_id),
        )  # fmt: skip
        assert placed.payment is not None
        self.till.answer_bank(placed.payment)
        placed = ordering.come_back(buyer, placed.order.public_id)
        assert placed.order.state == "fulfilled", placed.order.state
        self._renewed()
