"""What the tables look at, out of real rows: states of subscriptions, contacts who are gone, other sessions."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from online_bridge.routing import queries
from online_bridge.routing.decision import Entry, Outcome, decide
from tests.conftest import Database
from tests.factories import core as make


@pytest.fixture
def studio(database: Database) -> Account:
    return make.account(kind="online", timezone="Pacific/Auckland")


def subscribe(account: Account, ends_in: int, **changes: Any) -> None:
    """A subscription whose period ends in so many days of the account's own calendar; 0: today is the first without."""
    end: date = clock.today(account.timezone) + timedelta(ends_in)
    values = {
        "public_id": db.public_id("sub"), "source": "test", "external_id": db.public_id("sub"),
        "account_id": account.id, "product_id": make.product().id, "seats": 1, "frequency": "monthly",
        "unit_price": 100, "currency": "EUR", "period_start": end - timedelta(30), "period_end": end,
    }  # fmt: skip
    make.add(Subscription(**(values | changes)))


def outcome_for(who: Person, entry: Entry = Entry.GO_TO_BILLING, in_portal: Person | None = None) -> Outcome:
    """Where the person lands; `in_portal` is who is signed in to the portal in the same browser."""
    with db.reading():
        portal = make.viewer(in_portal) if in_portal else None
        return decide(queries.situation(make.viewer(who, Realm.MY), entry, portal, product_chosen=True))


CANCELLED = {"cancelled_on": date(2026, 1, 1)}
STATES: dict[str, tuple[list[tuple[int, dict[str, Any]]], Outcome]] = {
    "none yet": ([], Outcome.BILLING_CENTER),
    "active": ([(10, {})], Outcome.BILLING_CENTER),
    "its last day": ([(1, {})], Outcome.BILLING_CENTER),
    "expired today": ([(0, {})], Outcome.BILLING_CENTER_EXPIRED),
    "trial": ([(3, {"is_trial": True})], Outcome.BILLING_CENTER),
    "trial ended": ([(-1, {"is_trial": True})], Outcome.BILLING_CENTER_EXPIRED),
    "pending cancellation": ([(5, CANCELLED)], Outcome.BILLING_CENTER),
    "cancelled and over": ([(0, CANCELLED)], Outcome.BILLING_CENTER_EXPIRED),
    "one expired, one active": ([(-40, {}), (10, {})], Outcome.BILLING_CENTER),
    "expired, and subscribed again from tomorrow on": ([(-1, {}), (31, {})], Outcome.BILLING_CENTER),
    "all expired": ([(-40, {}), (-1, {"is_trial": True})], Outcome.BILLING_CENTER_EXPIRED),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_contact_whose_subscription_is(studio: Account, state: str) -> None:
    subscriptions, outcome = STATES[state]
    contact = make.contact(studio, is_admin=True)
    for ends_in, changes in subscriptions:
        subscribe(studio, ends_in, **changes)
    assert outcome_for(contact) is outcome
    assert outcome_for(contact, Entry.ADD_LICENSES) is outcome


def test_what_another_account_has_does_not_count(studio: Account) -> None:
    subscribe(studio, -1)
    subscribe(make.account(kind="online"), 10)
    assert outcome_for(make.contact(studio)) is Outcome.BILLING_CENTER_EXPIRED


@pytest.mark.parametrize("entry", Entry)
def test_a_contact_who_is_gone_is_no_active_one(studio: Account, entry: Entry) -> None:
    member = make.member(studio, is_admin=True)
    gone, disabled = make.contact(studio), make.contact(studio, make.person(disabled_at=clock.now()))
    assert outcome_for(member, entry) is Outcome.ASK_CONTACT
    db.perform(lambda: contact_row(gone).__setattr__("removed_at", clock.now()))
    assert outcome_for(member, entry) is Outcome.ASK_SUPPORT
    assert outcome_for(gone) is Outcome.ASK_SUPPORT
    assert disabled.disabled_at is not None


def contact_row(person: Person) -> BillingContact:
    return db.session().query(BillingContact).filter_by(person_id=person.id).one()


def test_the_portal_counts_only_with_the_very_person_in_it(database: Database) -> None:
    acme = make.account()
    contact, colleague = make.contact(acme, is_admin=True), make.contact(acme)
    for entry in Entry:
        assert outcome_for(contact, entry, in_portal=contact) is Outcome.PORTAL
        assert outcome_for(contact, entry, in_portal=colleague) is Outcome.PORTAL_SIGN_IN
        assert outcome_for(contact, entry) is Outcome.PORTAL_SIGN_IN
