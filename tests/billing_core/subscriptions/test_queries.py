"""Terms that end, the grace after them, and what a quote can still change."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from billing_core import db
from billing_core.accounts import Account
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.queries import ending, ending_page, of_account
from billing_core.subscriptions.service import SubscriptionStart, start_subscription
from tests.billing_core.orders.placing import it_is, reread
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")

TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def june(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(monkeypatch, TODAY)


def ends_in(days: int, of: Account, **changes: Any) -> Subscription:
    """A yearly term that ends so many days from today."""
    end = TODAY + timedelta(days=days)
    start = SubscriptionStart(
        of.id, core.product().id, "Pro", 5, "yearly", 12000, "EUR", end - timedelta(days=365), end, "order",
        db.public_id("ord"),
    )  # fmt: skip

    def verb() -> Subscription:
        made = start_subscription(start, "test")
        if changes:
            db.session().execute(update(Subscription).where(Subscription.id == made.id).values(**changes))
        return made

    return reread(db.perform(verb))


def test_a_corporate_term_keeps_access_for_thirty_days_and_an_online_one_does_not() -> None:
    corporate = ends_in(0, core.account())
    online = ends_in(0, core.account(kind="online"))
    trial = ends_in(0, core.account(), is_trial=True)
    days = [TODAY + timedelta(days=n) for n in (-1, 0, 29, 30)]
    assert [corporate.status(day) for day in days] == ["active", "grace", "grace", "expired"]
    assert [online.status(day) for day in days] == ["active", "expired", "expired", "expired"]
    assert [trial.status(day) for day in days] == ["trial", "expired", "expired", "expired"]


def test_the_desk_sees_what_ends_by_how_near_it_is() -> None:
    mine, other = core.account(), core.account()
    terms = {days: ends_in(days, mine) for days in (-30, -29, 0, 1, 30, 31, 60, 61, 90, 91)}
    ends_in(5, other)
    ends_in(5, core.account(kind="online"))
    ends_in(5, mine, is_trial=True)
    ends_in(5, mine, renewed_by_id=terms[91].id)
    with db.reading():
        found = ending(Account.id == mine.id)
        assert [(one.days_left, one.band) for one in found] == [
            (-29, 0), (0, 0), (1, 30), (30, 30), (31, 60), (60, 60), (61, 90), (90, 90),
        ]  # fmt: skip
        assert [one.is_in_grace for one in found][:3] == [True, True, False]
        assert [one.days_left for one in ending(Account.id == mine.id, within=30)] == [-29, 0, 1, 30]
        assert {one.subscription.account.name for one in found} == {mine.name}
        assert found[0].subscription.product.name
        by_band = {band: [one.days_left for one in ending_page(Account.id == mine.id, band).rows] for band in (0, 60)}
        assert by_band == {0: [-29, 0], 60: [31, 60]}
        assert len(ending_page(Account.kind == "corporate", None).rows) == 9


def test_an_account_lives_on_its_own_calendar() -> None:
    ahead = core.account(timezone="Pacific/Kiritimati")
    behind = core.account(timezone="Pacific/Pago_Pago")
    for account in (ahead, behind):
        ends_in(90, account)
        ends_in(-29, account)
    with db.reading():
        # ten in the morning in Berlin is still yesterday in Pago Pago, where 91 days are left of the first
        assert [one.days_left for one in ending(Account.id == ahead.id)] == [-29, 90]
        assert [one.days_left for one in ending(Account.id == behind.id)] == [-28]


def test_a_closed_account_renews_nothing() -> None:
    account = core.account(closed_on=TODAY)
    ends_in(5, account)
    with db.reading():
        assert ending(Account.id == account.id) == []


def test_a_quote_can_change_what_runs_is_to_come_or_is_in_grace() -> None:
    account = core.account()
    kept = [ends_in(days, account) for days in (-29, 0, 100, 400)]
    ends_in(-30, account)
    ends_in(-1, account, renewed_by_id=kept[2].id)
    ends_in(100, core.account())
    with db.reading():
        found = of_account(account.id)
        assert sorted(one.id for one in found) == sorted(one.id for one in kept)
        assert {one.status(TODAY) for one in found} == {"grace", "active", "scheduled"}
        assert all(one.product.name for one in found)
