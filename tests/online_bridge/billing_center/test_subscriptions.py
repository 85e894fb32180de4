"""The Subscriptions page: what each card says and offers; cancelling, and removing a pending cancellation."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.mail.models import OutboxMail
from billing_core.permissions import Realm
from billing_core.renewals.models import RenewalAttempt
from billing_core.subscriptions.models import SeatAssignment, Subscription
from billing_core.templating import day
from tests.client import Client
from tests.conftest import Database
from tests.factories import core, plans
from tests.factories.sql import rows

TOUCH = {"sign_in_session"}


@pytest.fixture
def shop(database: Database) -> Account:
    """An online account in Germany, in EUR."""
    return core.account(kind="online", rep_id=None)


@pytest.fixture
def contact(client: Client, shop: Account) -> Client:
    """Its billing contact."""
    return client.sign_in(core.contact(shop), Realm.MY)


def card(contact: Client, of: Subscription) -> str:
    """A card as it is read."""
    [found] = contact.get("/billing").html.select(f"section.subscription[aria-labelledby={of.public_id}]")
    return " ".join(found.get_text(" ").split())


def now(of: Subscription) -> Subscription:
    with db.reading() as session:
        return session.get_one(Subscription, of.id)


def test_an_active_card_says_what_it_is_and_what_it_costs(contact: Client, shop: Account) -> None:
    meeting = plans.tiered()
    sold = plans.subscribed(shop, meeting)
    member = core.member(shop)
    core.add(SeatAssignment(subscription_id=sold.id, person_id=member.id, assigned_at=clock.now()))
    plan = f"{meeting.name} Pro"
    assert card(contact, sold) == (
        f"{plan} Active Options {plan} Edit Subscription Cancel Subscription Compare Plans "
        f"Seats 5 organizers, 1 in use Billed Monthly Period {day(sold.period_start)} to {day(sold.last_day)} "
        f"Next billing date {day(sold.period_end)} Price per seat and period €16.00 per organizer and month "
        f"In total €80.00 a month (without tax) Add Organizers {plan}"
    )


def test_each_other_state_has_its_banner_and_buttons(contact: Client, shop: Account) -> None:
    today = clock.today(shop.timezone)
    trial = plans.subscribed(shop, plans.tiered(), is_trial=True, unit_price=0)
    words = card(contact, trial)
    assert f"Your free trial lasts until {day(trial.last_day)} and is never charged by itself." in words
    assert "Subscribe Now" in words
    assert "Options" not in words
    pending = plans.subscribed(shop, plans.tiered(), cancelled_on=today)
    words = card(contact, pending)
    assert f"You can use it until {day(pending.last_day)}" in words
    assert "Remove Pending Cancellation" in words
    assert "Edit Subscription" not in words
    past = {"period_start": today - timedelta(days=40), "period_end": today}
    over = plans.subscribed(shop, plans.tiered(), **past)
    assert f"This subscription expired on {day(over.last_day)}. " in card(contact, over)
    assert "Subscribe again" in card(contact, over)
    tried = plans.subscribed(shop, plans.untiered(), "", is_trial=True, unit_price=0, **past)
    assert f"Your free trial ended on {day(tried.last_day)}." in card(contact, tried)
    imported = plans.subscribed(shop, plans.untiered(), "", source="test", is_live=False)
    assert "Options" not in card(contact, imported)
    assert "To change a subscription without an Options menu" in contact.get("/billing").words


def test_subscribe_now_begins_with_what_was_tried(contact: Client, shop: Account) -> None:
    """Before the end of a trial: 3 Subscribe Now, 4 tier, seats and frequency with the Order Summary."""
    meeting = plans.tiered()
    plans.subscribed(shop, meeting, is_trial=True, unit_price=0, seats=2)
    [button] = contact.get("/billing").html.select(".subscription a.btn")
    page = contact.get(str(button["href"]))
    assert page.h1 == f"Subscribe to {meeting.name}"
    assert [one["value"] for one in page.html.select("input[checked]")] == ["Pro", "monthly"]
    assert page.html.select("input[name=seats]")[0]["value"] == "2"
    assert "Your trial ends today" in page.words
    assert "Total due today €38.08" in page.words


def test_cancel_asks_and_says_until_when(contact: Client, shop: Account) -> None:
    sold = plans.subscribed(shop, plans.tiered())
    here, before = f"/billing/subscriptions/{sold.public_id}/cancel", rows(TOUCH)
    page = contact.get(here)
    assert day(sold.last_day) in page.words
    assert "is not refunded" in page.words
    assert rows(TOUCH) == before
    page = contact.follow(contact.post(here))
    assert "is cancelled. We have confirmed it by mail." in page.words
    assert now(sold).cancelled_on == clock.today(shop.timezone)
    assert contact.get(here).location == "/billing"
    with db.reading() as session:
        assert session.scalars(select(OutboxMail.kind)).all() == ["subscription-cancelled"]


def test_a_pending_cancellation_is_removed_and_said_so(contact: Client, shop: Account) -> None:
    """Remove Pending Cancellation > Yes, remove cancellation > Close."""
    sold = plans.subscribed(shop, plans.tiered(), cancelled_on=clock.today(shop.timezone))
    here, before = f"/billing/subscriptions/{sold.public_id}/remove-cancellation", rows(TOUCH)
    page = contact.get(here)
    assert "Yes, remove cancellation" in page.words
    assert rows(TOUCH) == before
    page = contact.follow(contact.post(here))
    assert page.h1 == "The pending cancellation is removed"
    assert [one["href"] for one in page.html.select("main a.btn")] == ["/billing"]
    assert now(sold).cancelled_on is None
    again = contact.follow(contact.post(here, page=page))
    assert "There is no pending cancellation" in again.words


def test_a_new_plan_that_runs_leaves_the_cancelled_one_cancelled(contact: Client, shop: Account) -> None:
    meeting, today = plans.tiered(), clock.today(shop.timezone)
    pending = plans.subscribed(shop, meeting, cancelled_on=today)
    runs = plans.subscribed(shop, meeting, "Starter", unit_price=1200)
    assert "Remove Pending Cancellation" not in card(contact, pending)
    here = f"/billing/subscriptions/{pending.public_id}/remove-cancellation"
    page = contact.follow(contact.post(here, page=contact.get(here)))
    assert "A new subscription to" in page.words
    assert now(pending).cancelled_on == today
    assert "Edit Subscription" in card(contact, runs)


def test_who_may_not_order_cancels_nothing(client: Client, shop: Account) -> None:
    sold = plans.subscribed(shop, plans.tiered())
    reader = client.sign_in(core.contact(shop, rights=""), Realm.MY)
    here = f"/billing/subscriptions/{sold.public_id}/cancel"
    assert reader.get(here).status == 403
    assert reader.post(here, page=reader.get("/billing")).status == 403
    assert now(sold).cancelled_on is None


def test_an_overdue_renewal_is_paid_or_cancelled_at_once(contact: Client, shop: Account) -> None:
    today = clock.today(shop.timezone)
    plans.subscribed(shop, plans.tiered())
    late = {"period_start": today - timedelta(days=33), "period_end": today - timedelta(days=2)}
    sold = plans.subscribed(shop, plans.tiered(), **late, retry_on=today + timedelta(days=1), is_live=True)
    core.add(
        RenewalAttempt(subscription_id=sold.id, period_start=sold.period_end, number=1, day=sold.period_end,
                       failure="card_declined", created_at=clock.now())
    )  # fmt: skip
    page = contact.get("/billing")
    assert "Payment overdue" in page.words
    assert "Payment overdue" in page.html.select("section.subscription")[0].get_text(), "the most urgent one first"
    assert "pay the renewal, or it will end" in page.words
    assert f'href="/billing/renewals/{sold.public_id}"' in page.text
    here = f"/billing/subscriptions/{sold.public_id}/cancel"
    assert "It ends at once" in contact.get(here).words
    contact.post(here)
    assert now(sold).status(today) == "expired"
