"""Writing quotes at the desk: every kind of line by submits alone, sums while typing, copies and renewals."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from billing_core import clock, db
from billing_core.people import Person
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from tests.client import Client, Page
from tests.corporate_portal.desk.test_pages import filled, form_path, line_count, the_quote
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes
from tests.factories.quotes import Deal


@pytest.fixture
def deal(database: Any) -> Deal:
    return quotes.deal(discount_limit=2500)


@pytest.fixture
def rep(client: Client, deal: Deal) -> Client:
    return client.sign_in(deal.rep, Realm.DESK)


def running(of: Deal, **changes: Any) -> Subscription:
    """Ten yearly seats, of which two are not renewed, with 100 days left of a term of 24 months."""
    end = clock.today(of.account.timezone) + timedelta(days=100)
    values: dict[str, Any] = {
        "public_id": db.public_id("sub"), "source": "test", "external_id": db.public_id("x"),
        "account_id": of.account.id, "product_id": of.product.id, "tier": "", "seats": 10, "removed_at_end": 2,
        "frequency": "yearly", "unit_price": 12000, "currency": "EUR", "period_start": clock.add_months(end, -24),
        "period_end": end,
    }  # fmt: skip
    found: Subscription = core.add(Subscription(**(values | changes)))
    return found


def sums(rep: Client, deal: Deal, page: Page, data: dict[str, str]) -> tuple[int, str]:
    path = form_path(deal).replace("/new", "/totals")
    answer = rep.browser.post(path, data=data | {"csrf_token": rep.token(page)})
    return answer.status_code, answer.get_json()["piece"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_kind_of_line_is_written_by_submits_alone(deal: Deal, rep: Client, language: str) -> None:
    db.perform(lambda: db.session().execute(update(Person).values(locale=language)))
    rep.sign_in(deal.rep, Realm.DESK)
    sold = running(deal)
    page = rep.get(form_path(deal))
    before = counts()
    for effect in ("add", "remove", "remove", "renew", "free"):
        page = rep.post(form_path(deal), filled(deal, page, act=f"add-{effect}"), page=page)
        assert page.status == 200
    assert counts() == before
    day = clock.today(deal.account.timezone) + timedelta(days=10)
    minus = "-50.25" if language == "en" else "-50,25"
    entered = {
        "lines-1-subscription": sold.public_id, "lines-1-quantity": "3",
        "lines-2-subscription": sold.public_id, "lines-2-quantity": "1",
        "lines-3-subscription": sold.public_id, "lines-3-quantity": "1", "lines-3-leaves": "day",
        "lines-3-starts_on": day.isoformat(),
        "lines-4-subscription": sold.public_id, "lines-4-quantity": "11", "lines-4-term_months": "36",
        "lines-5-description": "For the outage", "lines-5-quantity": "1", "lines-5-unit_price": minus,
        "lines-5-product": deal.product.code, "total_discount": "3", "zone": "Pacific/Auckland",
    }  # fmt: skip
    data = filled(deal, page, **entered)
    shown = rep.post(form_path(deal), data | {"act": "recalculate"}, page=page)
    assert shown.status == 200, shown.words
    assert ("100 of 365 days" if language == "en" else "100 von 365 Tagen") in shown.words
    saved = rep.post(form_path(deal), data | {"act": "save"}, page=page)
    assert saved.status == 303, saved.words
    version = quotes.version(the_quote())
    assert [line.effect for line in version.lines] == ["start", "add", "remove", "remove", "renew", "free"]
    assert (version.percent_off, version.zone, version.terms_version) == (300, "Pacific/Auckland", "2026-12")
    assert [line.starts_on == day for line in version.lines] == [False, False, False, True, False, False]
    again = rep.get(f"/desk/quotes/{version.quote.public_id}/edit").form("/edit")
    for name in entered:
        assert again[name] == entered[name], name
    document = rep.get(f"/desk/quotes/{version.quote.public_id}")
    assert ("Credit note now" if language == "en" else "Gutschrift jetzt") in document.words
    assert "For the outage" in document.words


def test_sums_come_while_typing_and_write_nothing(deal: Deal, rep: Client) -> None:
    page = rep.get(form_path(deal))
    before = counts()
    status, piece = sums(rep, deal, page, filled(deal, page, title=""))
    assert (status, "€1,285.20" in piece) == (200, True)
    status, piece = sums(rep, deal, page, filled(deal, page, **{"lines-0-quantity": "many"}))
    assert (status, "Line 1: Enter a whole number." in piece) == (400, True)
    status, piece = sums(rep, deal, page, filled(deal, page, term_months="18"))
    assert (status, "whole years" in piece) == (400, True)
    status, piece = sums(rep, deal, page, {})
    assert (status, "Add at least one line" in piece or "Begins on" in piece) == (400, True)
    assert counts() == before
    stranger = rep.sign_in(quotes.deal().rep, Realm.DESK)
    assert stranger.browser.post(form_path(deal).replace("/new", "/totals")).status_code in (400, 404)


def test_a_subscription_of_another_account_is_not_there(deal: Deal, rep: Client) -> None:
    foreign, own = running(quotes.deal()), running(deal)
    page = rep.get(form_path(deal))
    page = rep.post(form_path(deal), filled(deal, page, act="add-add"), page=page)
    assert own.public_id in page.text
    assert foreign.public_id not in page.text
    entered = {"lines-1-subscription": foreign.public_id, "lines-1-quantity": "1", "act": "save"}
    refused = rep.post(form_path(deal), filled(deal, page, **entered), page=page)
    assert refused.status == 400
    assert refused.html.select_one("#lines-1-subscription-error") is not None
    assert rep.get(form_path(deal) + "?" + urlencode({"renew": foreign.public_id})).status == 404
    assert rep.get(form_path(deal) + "?renew=" + "x" * 300).status == 404


BAD = {
    "lines-1-subscription": ["", "x" * 300, "sub_nothing", "<b>", "a\x00"],
    "lines-1-quantity": ["", "0", "99999", "1.5"],
    "lines-1-starts_on": ["2000-01-01", "tomorrow", "2099-12-31"],
    "lines-2-description": ["", "x" * 301, "a\x07"],
    "lines-2-product": ["", "nothing", "x" * 400],
    "lines-2-unit_price": ["", "x", "1e5", "9" * 19, "1.005", "NaN"],
    "total_discount": ["101", "-1", "x", "9" * 30],
    "zone": ["Nowhere/Town", "x" * 41, "../etc/passwd"],
    "terms_version": ["1999-01", "x" * 300],
}


def test_bad_entries_of_changes_are_said_beside_their_fields(deal: Deal, rep: Client) -> None:
    sold = running(deal)
    page = rep.get(form_path(deal))
    for effect in ("remove", "free"):
        page = rep.post(form_path(deal), filled(deal, page, act=f"add-{effect}"), page=page)
    good = {
        "lines-1-subscription": sold.public_id, "lines-1-quantity": "2", "lines-1-leaves": "day",
        "lines-2-quantity": "1",
        "lines-2-description": "Words", "lines-2-unit_price": "5", "lines-2-product": deal.product.code,
    }  # fmt: skip
    before = counts()
    for name, values in BAD.items():
        for value in values:
            sent = filled(deal, page, **(good | {name: value, "act": "save"}))
            refused = rep.post(form_path(deal), sent, page=page)
            assert refused.status == 400, (name, value)
            assert refused.html.select_one(f"#{name}-error") is not None, (name, value)
    at_end = filled(deal, page, **(good | {"lines-1-leaves": "end", "lines-1-starts_on": "2026-12-01", "act": "save"}))
    assert rep.post(form_path(deal), at_end, page=page).status == 400
    assert counts() == before
    assert rep.post(form_path(deal), filled(deal, page, **good, act="save"), page=page).status == 303


def test_a_renewal_begins_with_the_seats_that_stay(deal: Deal, rep: Client) -> None:
    sold = running(deal)
    page = rep.get(form_path(deal) + "?" + urlencode({"renew": sold.public_id}))
    data = page.form("/quotes/")
    assert (data["lines-0-effect"], data["lines-0-subscription"], data["lines-0-quantity"]) == (
        "renew", sold.public_id, "8",
    )  # fmt: skip
    assert (data["starts_on"], data["term_months"]) == (sold.period_end.isoformat(), "24")
    assert rep.post(form_path(deal), data | {"act": "save"}, page=page).status == 303
    (line,) = quotes.version(the_quote()).lines
    assert (line.starts_on, line.quantity, line.due) == (sold.period_end, 8, 96000)


def test_a_copy_is_a_new_form_and_writes_nothing_until_it_is_saved(deal: Deal, rep: Client) -> None:
    quote = quotes.accepted(deal)
    shown = rep.get(f"/desk/quotes/{quote.public_id}")
    before = counts()
    page = rep.get(f"/desk/quotes/{quote.public_id}/copy")
    assert counts() == before
    data = page.form("/quotes/new")
    assert (data["title"], data["lines-0-quantity"], data["valid_until"]) == ("Meetings for the sales team", "10", "")
    assert f"/desk/quotes/{quote.public_id}/copy" in shown.text
    assert rep.post(form_path(deal), data | {"act": "save"}, page=page).status == 303
    assert counts()["quote"] == before["quote"] + 1


def test_the_next_version_opens_in_the_form(deal: Deal, rep: Client) -> None:
    quote = quotes.sent(deal)
    page = rep.get(f"/desk/quotes/{quote.public_id}")
    opened = rep.follow(rep.post(f"/desk/quotes/{quote.public_id}/revise", page.form("revise"), page=page))
    assert opened.form("/edit")["lines-0-quantity"] == "10"
    assert "Total today" in opened.words
    assert quotes.version(quote).version == 2
    again = rep.post(f"/desk/quotes/{quote.public_id}/revise", {}, page=opened)
    assert again.status == 409


def test_a_discount_above_the_limit_says_that_a_manager_is_asked(deal: Deal, rep: Client) -> None:
    page = rep.get(form_path(deal))
    data = filled(deal, page, **{"lines-0-discount": "26", "act": "save"})
    detail = rep.follow(rep.post(form_path(deal), data, page=page))
    told = rep.follow(rep.post(f"/desk/quotes/{the_quote().public_id}/submit", detail.form("submit"), page=detail))
    assert "above your limit" in told.words
    assert quotes.version(the_quote()).state == "awaiting_approval"


def test_lines_of_every_kind_come_and_go(deal: Deal, rep: Client) -> None:
    page = rep.get(form_path(deal))
    assert "More seats" not in page.words
    running(deal)
    page = rep.post(form_path(deal), filled(deal, page, act="add-free"), page=page)
    assert (line_count(page), "More seats" in page.words) == (1, True)
    page = rep.post(form_path(deal), page.form("/quotes/") | {"act": "remove-0"}, page=page)
    assert page.form("/quotes/")["lines-0-effect"] == "free"
    odd = page.form("/quotes/") | {"act": "add-gift", "lines-0-effect": "gift"}
    assert rep.post(form_path(deal), odd, page=page).status in (200, 400)
