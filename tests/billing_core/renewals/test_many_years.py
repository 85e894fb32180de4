"""Years of renewals through the real worker and the sandbox, with a moved clock: every period is billed once.

`bin/prove renewals` lives through 10 years of 1,000 subscriptions, each database in turn.
"""

import random
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select
from time_machine import Traveller

from app import worker
from app.ports import Ports
from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.orders.online.wishes import Buy
from billing_core.payments import ordering
from billing_core.payments.cards.keeping import make_default
from billing_core.payments.models import Payment
from billing_core.payments.sharing import Means
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.proration import next_period
from tests import invariants
from tests.checker import audit
from tests.conftest import Database
from tests.factories import cards, core
from tests.factories.shop import Shop, product
from tests.factories.till import CardTill, impatient

NEW_CARD_EVERY = 1000
"""Days. A card of the sandbox is valid for four years."""


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


def live(database: Database, till: CardTill, clocks: Traveller, subscriptions: int, years: int, step: int) -> None:
    """So many subscriptions, begun over the first year, renewed over so many years; the worker looks every few days."""
    chance = random.Random(1)  # noqa: S311 - no secret
    hand = worker.Worker(Ports(till.gateway, Nowhere(), Blank(), None, chores=(till.deliver,)), look_every=0.0)  # type: ignore[arg-type]
    sold = product("GoMeet")
    begin = datetime(2026, 1, 1, 10, tzinfo=UTC)
    days = sorted(chance.randrange(365 if years > 1 else 60) for _ in range(subscriptions))
    customers: list[Shop] = []
    renewed_card: dict[int, int] = {}
    for day in range(0, 365 * years + 1, step):
        clocks.move_to(begin + timedelta(days=day), tick=False)
        while days and days[0] <= day:
            customers.append(_customer(till, sold, chance, days.pop(0)))
            renewed_card[customers[-1].account.id] = day
        for customer in customers:
            if day - renewed_card[customer.account.id] >= NEW_CARD_EVERY:
                db.perform(make_default, customer.buyer, cards.saved(till, customer.account, customer.buyer).public_id)
                renewed_card[customer.account.id] = day
        while hand.work_off():
            pass
    for _ in range(3):  # whoever is behind is billed a period a day
        clocks.shift(timedelta(days=1))
        while hand.work_off():
            pass
    _check(database, till, len(customers))


def _customer(till: CardTill, sold: object, chance: random.Random, _day: int) -> Shop:
    account = core.account(kind="online", timezone=chance.choice(["Europe/Berlin", "Asia/Tokyo", "America/New_York"]))
    buyer = core.viewer(core.contact(account), Realm.MY)
    found = Shop(account, buyer, sold, sold)  # type: ignore[arg-type]
    card = cards.saved(till, account, buyer)
    frequency = "monthly" if chance.random() < 0.1 else "yearly"
    wish = Buy(found.product.code, "Pro", chance.randrange(1, 30), frequency)
    placed = ordering.place_order(
        buyer, account.public_id, [wish], found.see(wish).digest, db.public_id("form"), means=Means(card.public_id)
    )  # fmt: skip
    assert placed.order.state == "fulfilled"
    return found


def _check(database: Database, till: CardTill, customers: int) -> None:
    """Every period from the first to the running one has its one invoice, and all of them are paid by the card."""
    audit(database.url, till.path, quiet=True)
    with db.reading() as session:
        invariants.check(session.connection())
        found = session.scalars(select(Subscription)).all()
        assert len(found) == customers
        for one in found:
            starts = session.scalars(
                select(Invoice.period_start).where(Invoice.account_id == one.account_id).order_by(Invoice.id)
            ).all()
            expected: list[date] = [starts[0]] if starts[0] else []
            while expected[-1] < one.period_start:
                expected.append(next_period(expected[-1], one.frequency, one.anchor))
            assert list(starts) == expected
            today = clock.today("UTC")
            assert one.period_start <= today < one.period_end
        billed, owed = session.execute(select(func.sum(Invoice.total), func.sum(Invoice.balance))).one()
        charged = session.scalar(select(func.sum(Payment.amount)).where(Payment.state == "succeeded"))
    assert (billed, owed) == (charged, 0)


@pytest.fixture
def till(database: Database, tmp_path: Path, clocks: Traveller) -> CardTill:
    """The processor; the books are audited in the end of each life."""
    with impatient():
        return CardTill(tmp_path / "sandbox.sqlite")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_year_of_few_subscriptions(
    database: Database, till: CardTill, clocks: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tuple(one for one in worker.RECURRING if one.kind.startswith(("renewals.", "payments.")))
    monkeypatch.setattr(worker, "RECURRING", ours)
    live(database, till, clocks, subscriptions=2, years=1, step=30)


@pytest.mark.prove
def test_ten_years_of_renewals_over_a_thousand_subscriptions(
    database: Database, till: CardTill, clocks: Traveller
) -> None:
    live(database, till, clocks, subscriptions=1000, years=10, step=1)
