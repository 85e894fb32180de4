"""Years of renewals through the real worker and the sandbox, with a moved clock, against a count of our own (lives.py).

`bin/prove renewals` lives through 10 years of 1,000 subscriptions, each database in turn: 990 yearly and 10 monthly
ones, begun on days 1, 15 and 29 to 31 of the first year, in three zones and in currencies with 0, 2 and 3 digits. To
half of them one to three things happen on the way: seats are added (a new period) or given up, a monthly one becomes
yearly, it is cancelled, and that is taken back or it is bought again after its end; a card fails and is replaced, fails
until the subscription ends and is reactivated, or asks for its owner, who pays by hand. A third of them notice that a
card has expired only when a charge fails. Each year the worker is down for 10 to 45 days, in which people go on. The
clock jumps between ten days of each month, at hours when the zones are on different days.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select
from time_machine import Traveller

from app import worker
from app.ports import Ports
from billing_core import db
from billing_core.ledger.models import AccountBalance, CreditNote, Invoice
from billing_core.payments.models import Payment
from billing_core.permissions import Realm
from tests import invariants
from tests.billing_core.renewals.lives import Life
from tests.checker import audit
from tests.conftest import Database
from tests.factories import core
from tests.factories.shop import Shop, product
from tests.factories.till import CardTill, impatient

BEGIN = date(2026, 1, 1)
BEGIN_ON = (1, 15, 29, 30, 31)
"""Days of the month."""
STOPS = (1, 4, 8, 15, 18, 22, 28, 29, 30, 31)
"""Days of the month on which the clock stops: those on which something is due, and those of the next attempts."""
HOURS = (0, 10, 22)
"""UTC. At 0 it is still yesterday in New York, at 22 tomorrow in Tokyo."""
PLACES = (("Europe/Berlin", "EUR"), ("Asia/Tokyo", "JPY"), ("America/New_York", "EUR"), ("Asia/Tokyo", "KWD"))
DEEDS = ("more", "fewer", "yearly", "cancel", "cancel restore", "fails", "lapses", "asks")


class Nowhere:
    """Mail that arrives, and is forgotten."""

    sender = "billing@portal.example"
    keeps_mail_here = False

    def deliver(self, message: EmailMessage) -> None:
        """Nobody reads it."""


class Blank:
    """A printer whose pages are empty: what is printed is proved elsewhere."""

    def print_page(self, html: str) -> bytes:
        """A page."""
        return b"%PDF-1.7"


@dataclass(frozen=True)
class Mix:
    """How many subscriptions there are, and for how long."""

    days: int
    yearly: int
    monthly: int
    begun_within: int = 365
    eventful: float = 0.5
    careless: float = 0.33


class World:
    """The worker, the processor and the customers, on one clock."""

    def __init__(self, database: Database, till: CardTill, clocks: Traveller, mix: Mix) -> None:
        self.database, self.till, self.clocks, self.mix = database, till, clocks, mix
        self.chance = random.Random(1)  # noqa: S311 - no secret
        self.product, self.seller = product("GoMeet"), core.seller()
        self.lives: list[Life] = []
        self.last = BEGIN + timedelta(mix.days)
        frequencies = ["yearly"] * mix.yearly + ["monthly"] * mix.monthly
        days = [day for day in _days(BEGIN, BEGIN + timedelta(mix.begun_within)) if day.day in BEGIN_ON]
        self.unborn = sorted((self.chance.choice(days), frequency) for frequency in frequencies)
        self.pauses = list(self._pauses())

    def live(self) -> None:
        """All the years, and then until nothing is under way any more."""
        hand, was_down, year, started = self._worker(), False, BEGIN.year, time.perf_counter()
        for day in _days(BEGIN, self.last + timedelta(25)):
            if day.day not in STOPS and day <= self.last:
                continue
            if day.year > year:
                self.check(quiet=False)
                print(f"{self.database.kind}, {year}: {time.perf_counter() - started:.0f} s")
                year = day.year
            hour = self.chance.choice(HOURS) if day <= self.last else 10
            self.clocks.move_to(datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC), tick=False)
            is_down = any(begin <= day < end for begin, end in self.pauses)
            if not is_down:
                hand = self._worker() if was_down else hand
                self._work(hand)
            self._act(day)
            was_down = is_down
        self._work(hand)
        self.check(quiet=True)

    def check(self, *, quiet: bool) -> None:
        """The ledger's laws, and ours: every period was billed at its price, no other was, and money adds up."""
        audit(self.database.url, self.till.path, quiet=quiet)
        for life in self.lives:
            one = life.shop.subscription()
            assert (one.period_start, one.period_end) == life.billed[-1][:2]
            assert one.is_running(life.today) == life.is_running
        with db.reading() as session:
            invariants.check(session.connection())
            for life in self.lives:
                own = Invoice.account_id == life.shop.account.id
                bills = select(Invoice.period_start, Invoice.period_end, Invoice.net).where(own).order_by(Invoice.id)
                found = [tuple(row) for row in session.execute(bills)]
                known = [
                    (start, end, found[place][2] if net is None and place < len(found) else net)
                    for place, (start, end, net) in enumerate(life.billed)
                ]
                assert found == known
            bills_of_all = session.scalar(select(func.count()).select_from(Invoice))
            assert bills_of_all == sum(len(life.billed) for life in self.lives)
            self._add_up()

    def _add_up(self) -> None:
        """In each currency the cards paid what was billed, less what was credited and what is still too little."""
        session = db.session()
        for _, currency in PLACES:
            billed, owed = session.execute(
                select(func.sum(Invoice.total), func.sum(Invoice.balance)).where(Invoice.currency == currency)
            ).one()
            noted = session.scalar(select(func.sum(CreditNote.total)).where(CreditNote.currency == currency))
            left = session.scalar(select(func.sum(AccountBalance.credit)).where(AccountBalance.currency == currency))
            paid = (Payment.state == "succeeded", Payment.currency == currency)
            charged = session.scalar(select(func.sum(Payment.amount)).where(*paid))
            assert (charged or 0) == (billed or 0) - (owed or 0) - (noted or 0) + (left or 0)

    def _worker(self) -> worker.Worker:
        return worker.Worker(Ports(self.till.gateway, Nowhere(), Blank(), None))  # type: ignore[arg-type]

    def _work(self, hand: worker.Worker) -> None:
        while hand.work_off() or self.till.deliver():
            pass
        for life in self.lives:
            life.count()

    def _act(self, day: date) -> None:
        for life in self.lives:
            life.act(may_begin=day <= self.last)
        while self.unborn and self.unborn[0][0] <= day:
            self.lives.append(self._customer(*self.unborn.pop(0)))
            self.lives[-1].begin()

    def _customer(self, born: date, frequency: str) -> Life:
        zone, currency = PLACES[len(self.lives) % len(PLACES)]
        account = core.account(self.seller, kind="online", timezone=zone, currency=currency)
        found = Shop(account, core.viewer(core.contact(account), Realm.MY), self.product, self.product)
        is_careful = self.chance.random() > self.mix.careless
        return Life(found, self.till, frequency, self.chance.randrange(10, 30), is_careful, self._deeds(born))

    def _deeds(self, born: date) -> list[tuple[date, str]]:
        if self.chance.random() >= self.mix.eventful:
            return []
        chosen = self.chance.sample(DEEDS, self.chance.randrange(1, 4))
        days = sorted(self.chance.randrange(10, self.mix.days) for _ in chosen)
        return [(born + timedelta(day), deed) for day, both in zip(days, chosen, strict=True) for deed in both.split()]

    def _pauses(self) -> Iterator[tuple[date, date]]:
        for begin in range(30, self.mix.days - 50, 365):
            first = BEGIN + timedelta(begin + self.chance.randrange(min(270, self.mix.days - 50)))
            yield first, first + timedelta(self.chance.randrange(10, 46))


def _days(first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        yield first + timedelta(ahead)


@pytest.fixture
def till(database: Database, tmp_path: Path, clocks: Traveller) -> CardTill:
    """The processor; the books are audited in the end of each year."""
    clocks.move_to(datetime(2026, 1, 1, tzinfo=UTC), tick=False)
    with impatient():
        return CardTill(tmp_path / "sandbox.sqlite")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_months_of_few_subscriptions(
    database: Database, till: CardTill, clocks: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tuple(one for one in worker.RECURRING if one.kind.startswith(("renewals.", "payments.")))
    monkeypatch.setattr(worker, "RECURRING", ours)
    World(database, till, clocks, Mix(days=70, yearly=0, monthly=3, begun_within=15, eventful=1.0)).live()


@pytest.mark.prove
def test_a_year_of_fifty_subscriptions_with_renewals(database: Database, till: CardTill, clocks: Traveller) -> None:
    World(database, till, clocks, Mix(days=400, yearly=40, monthly=10, begun_within=60)).live()


@pytest.mark.prove
def test_ten_years_of_renewals_over_a_thousand_subscriptions(
    database: Database, till: CardTill, clocks: Traveller
) -> None:
    World(database, till, clocks, Mix(days=3650, yearly=990, monthly=10)).live()
