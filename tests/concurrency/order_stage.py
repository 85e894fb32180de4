"""Two contacts of an online account with eight tabs each, two workers, and a midnight that comes when it is wanted."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, update

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.ledger.models import AccountBalance, CreditEntry
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.online.wishes import Change, Wish
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.sharing import Means
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from online_bridge.cart import service as carts
from tests.concurrency.money import charged_and_sent_back, enter_card_if_open, newest_thing
from tests.concurrency.moved_clock import MovedClock, following
from tests.concurrency.server import Answer, Browser, Server, running
from tests.conftest import SECRET, Database
from tests.factories import cards, core, shop
from tests.factories.shop import Shop
from tests.factories.till import CardTill

TABS = 8
CHANCE, NEARLY = random.Random(13), 0.02  # noqa: S311 - no secret
BEFORE = timedelta(minutes=10)
"""Races begin so long before midnight: nobody is signed out for being away from the last one's end to this one's."""
RACES_OF_A_PRODUCT = 50
"""Then another one is sold: each press reads all that the account ever had of it."""
SEATS = 5
TOLD = ("subscription.renewed", "subscription.cancelled", "subscription.changed")


def last_full_hour() -> datetime:
    """By the machine's clock, which is the processor's: nothing may happen later here than there."""
    return (datetime.now(UTC) - 2 * BEFORE).replace(minute=0, second=0, microsecond=0)


def zone_with_midnight_at(hour: int) -> str:
    """A zone in which it is midnight at this hour of UTC; such names have the other sign."""
    ahead = 24 - hour if hour >= 10 else -hour
    return f"Etc/GMT{-ahead:+}" if ahead % 24 else "Etc/GMT"


@dataclass
class Came:
    """What came of one race: orders in their order as (effect, state), what was to be paid, and what was."""

    orders: list[tuple[str, str]]
    seats: list[int]
    """Of the orders that were carried out."""
    asked: list[int]
    charged: list[int]
    history: list[str]
    """What the audit says of the subscription, in its order."""
    answers: list[Answer] = field(default_factory=list)

    @property
    def winners(self) -> list[str]:
        """The effects of what was carried out."""
        return [effect for effect, state in self.orders if state == "fulfilled"]


@dataclass
class Stage:
    """Everybody at their screens, signed in once, with a card on file."""

    server: Server
    at: Shop
    till: CardTill
    moved: MovedClock
    midnight: datetime
    card: SavedCard
    tabs: list[list[Browser]] = field(default_factory=list)
    viewers: list[Viewer] = field(default_factory=list)
    tokens: dict[int, str] = field(default_factory=dict)
    lead: float = 0.05
    """Seconds before midnight at which contacts press: what a press takes on this machine."""
    races: int = 0

    @property
    def day(self) -> date:
        """The account's day that begins at midnight."""
        return clock.local(self.midnight, self.at.account.timezone).date()

    def open(self) -> None:
        """Two contacts sign in."""
        other = core.contact(self.at.account)
        self.viewers = [self.at.buyer, core.viewer(other, Realm.MY)]
        with db.reading() as session:
            people = [session.get_one(type(other), viewer.person_id) for viewer in self.viewers]
        for person in people:
            self.tabs.append([Browser(self.server).sign_in(person, Realm.MY) for _ in range(TABS)])
        self.put_in_carts(*[self.at.buy()] * 2)
        for tab in [*self.tabs[0], *self.tabs[1]]:
            self.tokens[id(tab)] = tab.get("/billing/checkout").form()["csrf_token"]

    def begin(self) -> None:
        """It is not yet midnight, and what the account had of the product is not its live one any more."""
        self.moved.put(self.midnight - BEFORE)
        self.races += 1
        if self.races % RACES_OF_A_PRODUCT == 0:
            self.at.product = shop.product(f"GoMeet {self.races}")
        live = update(Subscription).where(Subscription.account_id == self.at.account.id, Subscription.is_live)
        gone = live.values(is_live=False, cancelled_on=self.day, retry_on=None)
        db.perform(lambda: db.session().execute(gone))

    def end(self) -> None:
        """It is later: whatever was to be done soon is due."""
        self.moved.put(datetime.now(UTC))

    def forget_credit(self) -> None:
        """What a control has left over pays nothing of its next races."""
        for table in (CreditEntry, AccountBalance):
            db.perform(lambda of=table: db.session().execute(delete(of)))

    def buy(self) -> str:
        """A subscription of five seats; its public id."""
        placed = self.at.order(self.at.buy(SEATS), means=Means(self.card.public_id))
        assert placed.order.state == "fulfilled"
        return self.at.subscription().public_id

    def buy_due(self) -> str:
        """The same, with a period that ends at midnight."""
        self.buy()
        return self.at.make_due(self.day)

    def put_in_carts(self, *wishes: Wish) -> list[str]:
        """One for each contact; what the checkout then shows, by its digest."""
        for viewer, wish in zip(self.viewers, wishes, strict=True):
            db.perform(carts.put_in_cart, viewer, self.at.account.public_id, wish)
        return [self.at.see(wish).digest for wish in wishes]

    def edits(self, subscription: str) -> list[str]:
        """One contact wants a seat more, the other two."""
        seats = self.at.subscription().seats
        return self.put_in_carts(*(Change(subscription, "Pro", seats + more, "monthly") for more in (1, 2)))

    def post(self, tab: Browser, path: str, **fields: str) -> Answer:
        """A form of a page that this tab has seen."""
        return tab.post(path, fields | {"csrf_token": self.tokens[id(tab)]})

    def press_place(self, tab: Browser, seen: str, key: str, *, by_hand: bool = False) -> Answer:
        """Place Order, with the card on file, or with one that is entered by hand on the processor's page."""
        card = "new" if by_hand else self.card.public_id
        answer = self.post(tab, "/billing/checkout", seen=seen, form_key=key, card=card)
        if "/sandbox/" in answer.location:
            enter_card_if_open(self.till, tab, answer.location)
        return answer

    def press_cancel(self, tab: Browser, subscription: str) -> Answer:
        """Cancel Subscription, and yes."""
        return self.post(tab, f"/billing/subscriptions/{subscription}/cancel")

    @contextmanager
    def watching(self, subscription: str = "") -> Iterator[Callable[[Sequence[Answer | None]], Came]]:
        """What comes of everything in between."""
        with db.reading() as session:
            newest = session.scalar(select(func.max(OnlineOrder.id))) or 0
        thing = newest_thing(self.till)
        yield lambda answers: self._came(newest, thing, subscription, answers)

    def _came(self, newest: int, thing: int, subscription: str, answers: Sequence[Answer | None]) -> Came:
        lines = select(OnlineOrder, OnlineOrderLine).join(OnlineOrderLine, OnlineOrderLine.order_id == OnlineOrder.id)
        entries = select(AuditEntry.action).where(AuditEntry.subject == subscription).order_by(AuditEntry.id)
        with db.reading() as session:
            rows = session.execute(lines.where(OnlineOrder.id > newest).order_by(OnlineOrder.id)).all()
            history = session.scalars(entries).all()
        done = [(order, line) for order, line in rows if order.state == "fulfilled"]
        return Came(
            [(line.effect, order.state) for order, line in rows], [line.seats for _, line in done],
            sorted(order.asked for order, _ in done if order.asked), sorted(charged_and_sent_back(self.till, thing)[0]),
            [action.rpartition(".")[2] for action in history if action in TOLD],
            [answer for answer in answers if answer is not None],
        )  # fmt: skip


@contextmanager
def on_stage(database: Database, tmp_path: Path, without: str = "") -> Iterator[Stage]:
    """Server, people and processor, in a zone in which it was midnight not long ago."""
    midnight, by = last_full_hour(), tmp_path / "clock"
    with following(by) as moved, running(database.url, tmp_path, SECRET, without=without, by=by) as server:
        moved.put(midnight - BEFORE)
        till = CardTill(tmp_path / "sandbox.sqlite", SECRET)
        at = shop.shop(timezone=zone_with_midnight_at(midnight.hour))
        stage = Stage(server, at, till, moved, midnight, cards.saved(till, at.account, at.buyer))
        stage.open()
        yield stage
