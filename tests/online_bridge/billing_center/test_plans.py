"""Plans and prices of what is sold online: who sees them, on whose calendar, and that what was sold keeps its price."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.imports.importing import import_directory
from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Price, Product
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from tests.app.imports import directories as d
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core, ledger, plans
from tests.factories import quotes as make
from tests.factories.sql import rows


@pytest.fixture
def shop(database: Database) -> Account:
    """An online account on Berlin's calendar, in EUR."""
    return core.account(kind="online", rep_id=None)


@pytest.fixture
def contact(client: Client, shop: Account) -> Client:
    """Its billing contact."""
    return client.sign_in(core.contact(shop), Realm.MY)


def subscribe(of: Account, product: Product, tier: str, unit_price: int, **changes: Any) -> Subscription:
    today = clock.today(of.timezone)
    values: dict[str, Any] = {
        "public_id": db.public_id("sub"), "source": "test", "external_id": db.public_id("sub"), "account_id": of.id,
        "product_id": product.id, "tier": tier, "seats": 5, "frequency": "monthly", "unit_price": unit_price,
        "currency": "EUR", "period_start": today - timedelta(days=3), "period_end": today + timedelta(days=27),
    }  # fmt: skip
    found: Subscription = core.add(Subscription(**(values | changes)))
    return found


def cells(page: Page) -> list[list[str]]:
    """The table as it is read."""
    lines = page.html.select("table.plans tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in line.select("th, td")] for line in lines]


def test_the_tiers_stand_side_by_side_in_their_order(contact: Client, shop: Account) -> None:
    meeting = plans.tiered(trial_days=14)
    subscribe(shop, meeting, "Pro", 1550)
    page = contact.get(f"/billing/plans/{meeting.code}")
    assert cells(page) == [
        ["", "Starter", "Pro Your plan"],
        ["In short", "For Starter teams", "For Pro teams"],
        ["Billed monthly per organizer and month", "€12.00", "€16.00"],
        ["Billed yearly per organizer and year", "€120.00 saves €24.00", "€160.00 saves €32.00"],
        ["Free trial", "14 days", "14 days"],
        ["People in a meeting", "100", "250"],
        ["Recording", "– not included", "included"],
        ["Rooms", "– not included", "– not included"],
    ]
    assert f"You use {meeting.name} Pro: 5 organizers at €15.50 per organizer and month." in page.words


def test_what_has_no_tiers_shows_what_is_included(contact: Client) -> None:
    support = plans.untiered()
    page = contact.get(f"/billing/plans/{support.code}")
    assert (page.h1, cells(page)[1]) == (support.name, ["Billed monthly per agent and month", "€55.00"])
    [card] = contact.get("/billing/plans").html.select(".offer")
    assert "€55.00 per agent and month or €550.00 a year" in " ".join(card.get_text(" ").split())


def test_trials_and_cancelled_plans_say_when_they_end(contact: Client, shop: Account) -> None:
    meeting, today = plans.tiered(), clock.today(shop.timezone)
    subscribe(shop, meeting, "Pro", 1600, cancelled_on=today)
    subscribe(shop, meeting, "Starter", 0, is_trial=True)
    subscribe(shop, meeting, "Basic", 900, period_start=today - timedelta(days=60), period_end=today)
    words = contact.get(f"/billing/plans/{meeting.code}").words
    assert "You are trying" in words
    assert "It ends on" in words
    assert "Basic" not in words
    assert "It keeps this price" not in words


def test_only_billing_contacts_of_online_accounts_see_plans(client: Client, shop: Account) -> None:
    code = plans.tiered().code
    for person in (core.member(shop, is_admin=True), core.contact(core.account())):
        for path in ("/billing/plans", f"/billing/plans/{code}", "/billing/plans/nothing"):
            page = client.sign_in(person, Realm.MY).get(path)
            assert (page.status, page.location) == (303, "/my-account/billing")


def test_what_is_not_sold_online_here_is_not_found(client: Client, contact: Client) -> None:
    code = plans.tiered().code
    hidden = [core.product().code, plans.tiered(is_active=False).code, "nothing", code.lower(), "x" * 3000]
    assert [contact.get(f"/billing/plans/{one}").status for one in hidden] == [404] * len(hidden)
    assert contact.get(f"/billing/plans/{code}").status == 200
    elsewhere = client.sign_in(core.contact(core.account(kind="online", rep_id=None, currency="CHF")), Realm.MY)
    assert elsewhere.get(f"/billing/plans/{code}").status == 404
    assert "Nothing is sold online at the moment" in elsewhere.get("/billing/plans").words


@pytest.mark.parametrize(
    ("zone", "instant", "price"),
    [
        ("Europe/Berlin", "2026-06-30T21:59:59Z", "€16.00"), ("Europe/Berlin", "2026-06-30T22:00:00Z", "€18.00"),
        ("Asia/Tokyo", "2026-06-30T15:00:00Z", "€18.00"), ("America/New_York", "2026-07-01T03:59:59Z", "€16.00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_price_begins_at_midnight_on_the_calendar_of_the_account(
    client: Client, zone: str, instant: str, price: str
) -> None:
    meeting = plans.tiered()
    new = {"product_id": meeting.id, "tier": "Pro", "frequency": "monthly", "currency": "EUR", "amount": 1800}
    core.add(Price(**new, valid_from=date(2026, 7, 1)))
    shop = core.account(kind="online", rep_id=None, timezone=zone)
    with time_machine.travel(instant, tick=False):
        client.sign_in(core.contact(shop), Realm.MY)
        assert cells(client.get(f"/billing/plans/{meeting.code}"))[2][2] == price


def test_what_was_sold_keeps_its_price(contact: Client, shop: Account, tmp_path: Path) -> None:
    meeting = plans.tiered()
    subscribe(shop, meeting, "Pro", 1600)
    deal = make.deal()
    make.accepted(deal)
    make.sent(deal)
    make.draft(deal)
    ledger.invoice(deal.account, 50_000)
    before, shown = rows(), contact.get("/billing").words
    assert "Price per seat and period €16.00" in shown
    dearer = [
        {"product": meeting.external_id, "tier": "Pro", "frequency": "monthly"},
        {"product": deal.product.external_id, "tier": "", "frequency": "yearly"},
    ]
    price = {"currency": "EUR", "amount": "999.00"}
    changed = [{**one, **price, "valid_from": day} for one in dearer for day in ("2020-01-01", "2026-01-01")]
    report = import_directory(d.write(tmp_path, {"prices.csv": changed}), source="test")
    assert (report.counts["prices.csv"].updated, report.counts["prices.csv"].added) == (2, 2)
    after = rows()
    assert {table for table in after if after[table] != before[table]} == {
        "price", "audit_entry", "audit_head", "imported_row", "import_source",
    }  # fmt: skip
    assert contact.get("/billing").words == shown
    page = contact.get(f"/billing/plans/{meeting.code}")
    assert cells(page)[2][2] == "€999.00"
    assert "at €16.00 per organizer and month. It keeps this price" in page.words
