"""Service orders: fulfilled at once or on the day on which they start, and never twice."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from billing_core import clock, db, jobs
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotFound
from billing_core.orders.jobs import fulfil_on_day
from billing_core.orders.models import ServiceOrder
from billing_core.orders.service import OrderedLine, OrderFacts, number_order, place_order
from billing_core.subscriptions.models import Subscription
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")

FACTS = OrderFacts(None, "Meetings", "en", "EUR", "", "Q-2026-000001", 30)


def place(starts_on: date, origin: str = "ver_1", zone: str = "Pacific/Auckland", once: bool = False) -> ServiceOrder:
    account, product = core.account(timezone=zone), core.product()
    end = None if once else clock.add_months(starts_on, 12)
    line = OrderedLine(product.id, "Pro", 5, "once" if once else "monthly", 1200, "EUR", starts_on, end)

    def verb() -> ServiceOrder:
        whole = select(Account).where(Account.id == account.id).options(joinedload(Account.seller))
        buyer = db.session().scalars(whole).one()
        order = place_order(buyer, origin, starts_on, (line,), "test", FACTS)
        number_order(order, buyer.seller, "test")
        return order

    return db.perform(verb)


def subscriptions() -> list[Subscription]:
    with db.reading() as session:
        return list(session.scalars(select(Subscription)))


def state_of(order: ServiceOrder) -> str:
    with db.reading() as session:
        return session.get_one(ServiceOrder, order.id).state


@pytest.mark.parametrize("days", [0, -1, -400])
def test_a_start_today_or_earlier_is_fulfilled_at_once(days: int) -> None:
    start = clock.today("Pacific/Auckland") + timedelta(days=days)
    order = place(start)
    assert order.state == "fulfilled"
    assert order.number.startswith("ORD-")
    (found,) = subscriptions()
    assert (found.tier, found.seats, found.period_start, found.period_end) == (
        "Pro",
        5,
        start,
        clock.add_months(start, 12),
    )


def test_today_is_a_day_of_the_accounts_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(day := clock.today("Pacific/Auckland") + timedelta(days=1))
    begin = clock.end_of_day(day - timedelta(days=1), "Pacific/Auckland")
    monkeypatch.setattr(clock, "now", lambda: begin - timedelta(microseconds=1))
    with pytest.raises(jobs.NotYet) as waiting:
        fulfil_on_day(order.public_id)
    assert waiting.value.pause == timedelta(microseconds=1)
    assert (state_of(order), subscriptions()) == ("pending", [])
    monkeypatch.setattr(clock, "now", lambda: begin)
    fulfil_on_day(order.public_id)
    fulfil_on_day(order.public_id)
    assert (state_of(order), len(subscriptions())) == ("fulfilled", 1)


def test_what_is_delivered_once_starts_no_subscription() -> None:
    assert place(clock.today("UTC"), zone="UTC", once=True).state == "fulfilled"
    assert subscriptions() == []


def test_a_text_is_ordered_once() -> None:
    place(clock.today("UTC"))
    with pytest.raises(IntegrityError):
        place(clock.today("UTC"))
    assert len(subscriptions()) == 1


def test_no_lines_and_no_order_are_refused() -> None:
    account = core.account()

    def verb() -> Any:
        return place_order(account, "ver_1", date(2026, 1, 1), (), "test", FACTS)

    with pytest.raises(Invalid):
        db.perform(verb)
    with pytest.raises(NotFound):
        fulfil_on_day("ord_nothing")
