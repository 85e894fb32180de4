"""Add New Subscription, Add seats and Edit Subscription up to the button that leads to the cart or the checkout.

The steps of the help pages' procedures are in the names of the tests; the browser walks them in tests/journeys.
"""

import json
from datetime import timedelta

import pytest

from billing_core import clock
from billing_core.accounts import Account
from billing_core.permissions import Realm
from billing_core.subscriptions.models import SeatAssignment
from online_bridge.billing_center.views import cart_door
from tests.client import Client, Page
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


def fill_cart(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The cart has so many lines."""
    monkeypatch.setattr(cart_door, "lines", lambda: number)


def summary(page: Page) -> str:
    """The Order Summary as it is read."""
    return " ".join(page.html.select("#order-summary")[0].get_text(" ").split())


def sent(page: Page) -> dict[str, str]:
    """What the button posts to the cart, and its label."""
    [button] = page.html.select("button[formmethod=post]")
    assert button["formaction"] == "/billing/cart/lines"
    assert (button["form"], button["name"]) == ("order-form", "csrf_token")
    form = page.html.select("form#order-form")[0]
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.select("input:not([type=radio])")}
    fields |= {str(one["name"]): str(one["value"]) for one in form.select("input[type=radio][checked]")}
    for option in form.select("select[name=seats] option[selected]"):
        fields["seats"] = str(option["value"])
    return fields | {"label": button.get_text(strip=True)}


def test_buy_3_to_7_product_tier_seats_next_frequency_and_order_summary(contact: Client) -> None:
    meeting = plans.tiered(trial_days=14)
    page = contact.get("/billing/new")
    [choice] = [one for one in page.html.select(".option") if meeting.name in one.get_text()]
    page = contact.get(str(choice.select("a")[0]["href"]))
    assert page.h1 == f"Subscribe to {meeting.name}"
    assert [one["value"] for one in page.html.select("input[name=tier]")] == ["Starter", "Pro"]
    assert not page.html.select("#order-summary, input[name=frequency]")
    assert page.html.select("form#order-form button")[0].get_text(strip=True) == "Next"
    page = contact.get(f"/billing/new/{meeting.code}?kind=buy&tier=Pro&seats=3")
    assert [one["value"] for one in page.html.select("input[name=frequency]")] == ["monthly", "yearly"]
    assert "Net €48.00 Tax 19% on €48.00 €9.12 Total due today €57.12" in summary(page)
    assert sent(page) == {
        "kind": "buy", "product": meeting.code, "tier": "Pro", "seats": "3", "frequency": "monthly",
        "then": "checkout", "label": "Proceed to Checkout",
    }  # fmt: skip


def test_buy_7_with_something_in_the_cart_it_is_added_there(contact: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    support = plans.untiered()
    fill_cart(monkeypatch, 1)
    page = contact.get(f"/billing/new/{support.code}?kind=buy&seats=2&frequency=yearly")
    assert not page.html.select("input[name=tier]")
    assert "Total due today €1,309.00" in summary(page)
    found = sent(page)
    assert (found["then"], found["label"], found["frequency"]) == ("cart", "Add to Cart", "yearly")


def test_the_order_summary_follows_what_is_chosen_without_writing_anything(contact: Client) -> None:
    meeting = plans.tiered()
    before = rows(TOUCH)
    path = f"/billing/new/{meeting.code}?kind=buy&tier=Pro&piece=1"
    piece = json.loads(contact.get(f"{path}&seats=2&frequency=yearly").response.text)["piece"]
    assert "Billed yearly you save" in piece
    assert "€320.00" in piece
    wrong = contact.get(f"{path}&seats=0")
    assert (wrong.status, "Enter a whole number from 1" in json.loads(wrong.response.text)["piece"]) == (400, True)
    assert rows(TOUCH) == before


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("tier=Pro&seats=abc", "Enter a whole number."),
        ("tier=Pro&seats=", "Please fill in this field."),
        ("tier=Pro&seats=9999", "Enter a number of seats from 1 to 1000."),
        ("tier=Gold&seats=1", "is not sold in this form at present."),
        ("tier=Pro&seats=1&frequency=daily", "is not sold in this form at present."),
    ],
)
def test_what_cannot_be_bought_is_said_and_has_no_button(contact: Client, chosen: str, sentence: str) -> None:
    page = contact.get(f"/billing/new/{plans.tiered().code}?kind=buy&{chosen}")
    assert page.status == 400
    assert sentence in page.words
    assert not page.html.select("button[formmethod=post]")


def test_try_4_to_7_tier_seats_and_start_trial(contact: Client, shop: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, tried, never = plans.tiered(trial_days=14, trial_seats=3), plans.tiered(trial_days=14), plans.tiered()
    plans.subscribed(shop, tried, is_trial=True, unit_price=0)
    page = contact.get("/billing/new?kind=try")
    options = {str(one.strong.get_text()): one for one in page.html.select(".option") if one.strong}
    assert set(options) == {meeting.name, tried.name}
    assert "Already tried" in options[tried.name].get_text()
    page = contact.get(str(options[meeting.name].select("a")[0]["href"]))
    assert "Free until" in summary(page)
    found = sent(page)
    assert (found["kind"], found["then"], found["label"]) == ("try", "start", "Start Trial")
    fill_cart(monkeypatch, 2)
    found = sent(contact.get(f"/billing/new/{meeting.code}?kind=try&tier=Starter&seats=3"))
    assert (found["then"], found["label"], found["seats"]) == ("cart", "Add to Cart", "3")
    assert contact.get(f"/billing/new/{meeting.code}?kind=try&tier=Starter&seats=4").status == 400
    assert contact.get(f"/billing/new/{never.code}?kind=try").status == 404


def test_add_seats_3_and_4_always_go_through_the_cart(contact: Client, shop: Account) -> None:
    sold = plans.subscribed(shop, plans.tiered())
    [button] = [
        one for one in contact.get("/billing").html.select(".subscription .btn") if "Add Organizers" in one.text
    ]
    page = contact.get(str(button["href"]))
    assert page.h1 == "Add Organizers"
    found = sent(page)
    assert (found["then"], found["label"], found["seats"]) == ("cart", "Add to Cart", "6")
    page = contact.get(f"/billing/subscriptions/{sold.public_id}/seats?seats=7")
    assert "27 of 30 days of the present billing period are unused" in summary(page)
    assert "Net €40.00" in summary(page), "7 x 16.00 less 27/30 of 5 x 16.00"
    assert sent(page) | {"label": ""} == {
        "kind": "change", "subscription": sold.public_id, "seats": "7", "then": "cart", "label": "",
        "tier": "Pro", "frequency": "monthly",
    }  # fmt: skip


def test_edit_3_change_tier_seats_and_frequency_with_the_order_summary(contact: Client, shop: Account) -> None:
    meeting = plans.tiered()
    sold = plans.subscribed(shop, meeting, "Starter", unit_price=1200)
    here = f"/billing/subscriptions/{sold.public_id}/edit"
    page = contact.get(here)
    assert "press Change" in summary(page)
    page = contact.get(f"{here}?tier=Pro&seats=5&frequency=yearly")
    assert "So far Starter, 5 organizers, billed monthly" in summary(page)
    assert "Net €746.00" in summary(page), "5 x 160.00 less 27/30 of 5 x 12.00"
    assert sent(page) == {
        "kind": "change", "subscription": sold.public_id, "tier": "Pro", "seats": "5", "frequency": "yearly",
        "then": "checkout", "label": "Proceed to Checkout",
    }  # fmt: skip


def test_a_lower_price_says_what_is_credited(contact: Client, shop: Account) -> None:
    sold = plans.subscribed(shop, plans.tiered())
    page = contact.get(f"/billing/subscriptions/{sold.public_id}/edit?tier=Pro&seats=4&frequency=monthly")
    assert "Added to your account credit €17.14" in summary(page), "27/30 of 16.00, with tax"
    assert "it is not paid out" in summary(page)
    assert "Your billing period stays the same" in summary(page)


def test_edit_refuses_a_lower_tier_and_names_support(contact: Client, shop: Account) -> None:
    meeting = plans.tiered()
    sold = plans.subscribed(shop, meeting)
    page = contact.get(f"/billing/subscriptions/{sold.public_id}/edit?tier=Starter&seats=9&frequency=yearly")
    assert page.status == 400
    assert f"A change of {meeting.name} from Pro to Starter goes to our support team. Write to " in page.words
    assert page.html.select("#order-summary a[href^=mailto]")
    assert not page.html.select("button[formmethod=post]")


def test_edit_keeps_the_seats_that_are_in_use(contact: Client, shop: Account) -> None:
    meeting = plans.tiered()
    sold = plans.subscribed(shop, meeting)
    for _ in range(3):
        person = core.member(shop)
        core.add(SeatAssignment(subscription_id=sold.id, person_id=person.id, assigned_at=clock.now()))
    here = f"/billing/subscriptions/{sold.public_id}/edit"
    assert "3 are in use." in contact.get(here).words
    page = contact.get(f"{here}?tier=Pro&seats=2&frequency=monthly")
    assert page.status == 400
    assert f"3 seats of {meeting.name} are in use." in page.html.select("#seats-error")[0].get_text()
    assert "Nothing about" in contact.get(f"{here}?tier=Pro&seats=5&frequency=monthly").words


def test_what_is_cancelled_expired_a_trial_or_imported_is_not_edited(contact: Client, shop: Account) -> None:
    today = clock.today(shop.timezone)
    past = {"period_start": today - timedelta(days=40), "period_end": today}
    for changes, sentence in (
        ({"cancelled_on": today}, "Remove the pending cancellation first."),
        ({"is_trial": True, "unit_price": 0}, "A trial cannot be changed"),
        (past, "has expired."),
    ):
        sold = plans.subscribed(shop, plans.tiered(), **changes)
        for deed in ("edit", "seats"):
            page = contact.get(f"/billing/subscriptions/{sold.public_id}/{deed}")
            assert sentence in contact.follow(page).words
    imported = plans.subscribed(shop, plans.tiered(), source="test", is_live=False)
    for deed in ("edit", "seats"):
        page = contact.get(f"/billing/subscriptions/{imported.public_id}/{deed}")
        assert "was not ordered here. Change it where it is billed." in contact.follow(page).words


def test_who_may_not_order_is_refused(client: Client, shop: Account) -> None:
    meeting = plans.tiered()
    sold = plans.subscribed(shop, meeting)
    reader = client.sign_in(core.contact(shop, rights=""), Realm.MY)
    paths = ["new", f"new/{meeting.code}", *(f"subscriptions/{sold.public_id}/{one}" for one in ("edit", "seats"))]
    assert [reader.get(f"/billing/{path}").status for path in paths] == [403] * 4
    page = reader.get("/billing")
    assert "ask a billing contact of your account who may pay" in page.words
    assert "Add New Subscription" not in page.words


def test_an_expired_account_can_only_subscribe_again(contact: Client, shop: Account) -> None:
    today = clock.today(shop.timezone)
    meeting, webinar = plans.tiered(trial_days=14), plans.tiered(trial_days=14)
    past = {"period_start": today - timedelta(days=40), "period_end": today - timedelta(days=1)}
    plans.subscribed(shop, meeting, **past)
    plans.subscribed(shop, webinar, is_trial=True, unit_price=0, **past)
    page = contact.get("/billing")
    buttons = [" ".join(one.get_text(" ").split()) for one in page.html.select("main .btn")]
    assert sorted(buttons) == sorted([f"Subscribe again {meeting.name} Pro", f"Subscribe Now {webinar.name} Pro"])
    again = contact.get(str(page.html.select("main a.btn")[0]["href"]))
    assert sent(again)["label"] == "Proceed to Checkout"
    assert not contact.get("/billing/new?kind=try").html.select(".subtabs a[href*=try]")


def test_who_compares_plans_comes_back_to_the_choice_as_it_was(contact: Client) -> None:
    meeting = plans.tiered(trial_days=14)

    def compared(chosen: str) -> Page:
        page = contact.get(f"/billing/plans/{meeting.code}?{chosen}")
        [back] = [one for one in page.html.select("main a") if one.get_text(strip=True) == "Back to your choice"]
        return contact.get(str(back["href"]))

    page = compared("kind=buy&tier=Pro&seats=3")
    assert page.html.select("form#order-form button")[0].get_text(strip=True) == "Next"
    assert page.html.select("input[name=tier][value=Pro][checked]")
    assert page.html.select("input[name=seats][value='3']")
    page = compared("kind=buy&tier=Pro&seats=3&frequency=yearly&then=checkout")
    assert sent(page)["frequency"] == "yearly"
    assert "Back to your choice" not in contact.get(f"/billing/plans/{meeting.code}").words
