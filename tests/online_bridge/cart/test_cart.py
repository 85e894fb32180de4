"""The cart: its rule as a table, lines that went stale, and that nobody else's exists."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from billing_core import db
from billing_core.catalogue.models import Product
from billing_core.orders.online.wishes import Buy, Change, Try
from billing_core.payments import ordering
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core
from tests.factories import shop as factory
from tests.factories.shop import Shop
from tests.factories.sql import rows
from tests.factories.till import CardTill
from tests.online_bridge.conftest import buyer_of

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def post(buyer: Client, path: str, **fields: Any) -> Page:
    """A form, with the token of the page of the plans."""
    return buyer.post(path, {"csrf_token": buyer.token(buyer.get("/billing/cart")), **fields})


def wish(shop: Shop, **changes: Any) -> dict[str, Any]:
    """The fields of the contract: five seats of GoMeet Pro, monthly."""
    said = {
        "kind": "buy", "product": shop.product.code, "tier": "Pro", "seats": "5", "frequency": "monthly",
        "subscription": "", "then": "cart",
    }  # fmt: skip
    return said | changes


def put(buyer: Client, shop: Shop, **changes: Any) -> Page:
    return post(buyer, "/billing/cart/lines", **wish(shop, **changes))


def lines(buyer: Client) -> list[str]:
    """The headings of the lines."""
    return [" ".join(one.get_text().split()) for one in buyer.get("/billing/cart").html.select("main section h2")]


def line_path(buyer: Client) -> str:
    """The address of the first line's form."""
    [found] = buyer.get("/billing/cart").html.select("main a[href^='/billing/cart/lines/']")
    return str(found["href"])


@ON_SQLITE
@pytest.mark.parametrize(
    ("in_cart", "kind", "then", "leads_to", "number"),
    [
        (0, "buy", "checkout", "/billing/checkout", 1),
        (0, "buy", "cart", "/billing/cart", 1),
        (0, "try", "start", "/billing/orders/", 0),
        (0, "try", "cart", "/billing/cart", 1),
        (1, "buy", "cart", "/billing/cart", 2),
        (1, "buy", "checkout", "/billing/checkout", 2),
        (1, "try", "cart", "/billing/cart", 2),
        (1, "try", "start", "/billing/cart", 2),
    ],
)
def test_the_cart_rule(
    buyer: Client, shop: Shop, till: CardTill, in_cart: int, kind: str, then: str, leads_to: str, number: int
) -> None:
    if in_cart:
        put(buyer, shop, product=shop.other.code)
    page = put(buyer, shop, kind=kind, then=then)
    assert (page.status, page.location.startswith(leads_to)) == (303, True), page.location
    assert len(lines(buyer)) == number
    buttons = {True: "Add to Cart", False: "Proceed to Checkout"}
    plans = buyer.get(f"/billing/plans/{factory.product('GoRoom').code}")
    assert buttons[number > 0] in plans.words


def test_a_cart_is_priced_when_it_is_looked_at_and_kept(app: Flask, buyer: Client, shop: Shop) -> None:
    put(buyer, shop)
    page = buyer.get("/billing/cart")
    assert page.h1 == "Edit Order"
    assert "€59.50" in page.words
    assert "Cart (1)" in page.words
    factory.reprice(shop.product, 1100, date(2020, 1, 2))
    again = Client(app).sign_in(buyer_of(shop), Realm.MY).get("/billing/cart")
    assert "€65.45" in again.words


def test_a_line_is_changed_replaced_and_removed(buyer: Client, shop: Shop) -> None:
    put(buyer, shop)
    path = line_path(buyer)
    form = buyer.get(path).form("/billing/cart/lines/")
    assert (form["seats"], form["tier"], form["frequency"]) == ("5", "Pro", "monthly")
    assert post(buyer, path, **(form | {"seats": "7", "frequency": "yearly", "then": "cart"})).status == 303
    assert "€833.00" in buyer.get("/billing/cart").words
    looked = post(buyer, path, **(form | {"seats": "2", "then": "look"}))
    assert (looked.status, "€23.80" in looked.words) == (200, True)
    assert "€833.00" in buyer.get("/billing/cart").words
    put(buyer, shop, tier="Plus", seats="1")
    assert lines(buyer)[:1] == ["GoMeet Plus"]
    assert post(buyer, f"{path}/remove").status == 303
    gone = post(buyer, f"{path}/remove")
    assert (gone.status, "not in your cart any more" in gone.words) == (404, True)
    assert "Your cart is empty" in buyer.get("/billing/cart").words


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "sentence", "status"),
    [
        ({"seats": "0"}, "Enter a whole number", 400),
        ({"seats": "99999"}, "Enter a number of seats from 1 to", 400),
        ({"tier": "Gold"}, "is not sold in this form", 400),
        ({"frequency": "weekly"}, "is not sold in this form", 400),
        ({"kind": "steal"}, "not up to date", 400),
        ({"product": "nothing"}, "There is nothing at this address", 404),
        ({"kind": "change", "subscription": "sub_of_nobody"}, "There is nothing at this address", 404),
    ],
)
def test_what_can_never_be_ordered_is_refused_at_once(
    buyer: Client, shop: Shop, changes: dict[str, str], sentence: str, status: int
) -> None:
    before = rows({"sign_in_session"})
    page = put(buyer, shop, **changes)
    assert (page.status, sentence in page.words) == (status, True), page.words
    assert rows({"sign_in_session"}) == before


def test_stale_lines_stand_with_their_reason_and_stop_the_checkout(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop)
    put(buyer, shop, kind="try", product=shop.other.code)
    shop.bought(till, Buy(shop.product.code, "Starter", 1, "monthly"))
    assert lines(buyer)[0] == "GoTrain Pro"  # what the same person ordered has left the cart
    put_again = put(buyer, shop)
    assert (put_again.status, "You have a subscription to GoMeet already" in put_again.words) == (409, True)
    colleague = factory.Shop(shop.account, core.viewer(core.contact(shop.account), Realm.MY), shop.product, shop.other)
    colleague.bought(till, Try(shop.other.code, "Pro", 5))
    page = buyer.get("/billing/cart")
    assert "Your account has tried GoTrain already" in page.words
    assert "Proceed to Checkout" not in page.words
    led = buyer.follow(buyer.get("/billing/checkout"))
    assert (led.h1, "cannot be ordered now" in led.words) == ("Edit Order", True)


@ON_SQLITE
def test_a_product_that_is_sold_no_more_can_only_be_removed(buyer: Client, shop: Shop) -> None:
    put(buyer, shop)

    def withdraw() -> None:
        db.session().get_one(Product, shop.product.id).is_active = False

    db.perform(withdraw)
    page = buyer.get("/billing/cart")
    assert "is not sold in this form at present" in page.words
    assert page.html.select("main a[href^='/billing/cart/lines/']") == []
    assert "Remove" in page.words


def test_a_change_that_is_under_way_or_no_change_any_more_says_so(buyer: Client, shop: Shop, till: CardTill) -> None:
    shop.bought(till, shop.buy(5))
    mine = shop.subscription().public_id
    assert put(buyer, shop, kind="change", subscription=mine, seats="6").location == "/billing/cart"
    page = put(buyer, shop, kind="change", subscription=mine, tier="Starter", seats="6")
    assert (page.status, "goes to our support team" in page.words) == (409, True)
    colleague = factory.Shop(shop.account, core.viewer(core.contact(shop.account), Realm.MY), shop.product, shop.other)
    placed = colleague.order(Change(mine, "Pro", 6, "monthly"))
    assert "A payment for this product is under way" in buyer.get("/billing/cart").words
    assert placed.payment is not None
    till.enter_card(placed.payment)
    ordering.come_back(colleague.buyer, placed.order.public_id)
    assert "Nothing about GoMeet would change" in buyer.get("/billing/cart").words


def test_the_cart_of_another_person_or_account_does_not_exist(app: Flask, buyer: Client, shop: Shop) -> None:
    put(buyer, shop)
    path, before = line_path(buyer), None
    others = [core.contact(shop.account), core.contact(core.account(kind="online", rep_id=None))]
    for person in others:
        other = Client(app).sign_in(person, Realm.MY)
        token = other.token(other.get("/billing/cart"))
        before = rows({"sign_in_session"})
        assert "Your cart is empty" in other.get("/billing/cart").words
        assert other.get(path).status == 404
        for where in (path, f"{path}/remove"):
            assert other.post(where, {"csrf_token": token, **wish(shop)}).status == 404
        assert rows({"sign_in_session"}) == before
    reader = Client(app).sign_in(core.contact(shop.account, rights=""), Realm.MY)
    assert reader.get("/billing/cart").status == 403
    assert "Cart" not in reader.get("/billing").words
    stranger = Client(app).sign_in(core.contact(core.account()), Realm.MY)
    assert stranger.get("/billing/cart").location == "/my-account/billing"


def test_a_trial_is_started_once_however_often_it_is_pressed(buyer: Client, shop: Shop, till: CardTill) -> None:
    trial = {"kind": "try", "product": shop.product.code, "tier": "Pro", "seats": "3", "then": "start"}
    first, second = (post(buyer, "/billing/cart/lines", **trial) for _ in range(2))
    assert (first.status, first.location) == (303, second.location)
    page = buyer.get(first.location)
    assert (page.h1, "Free trial" in page.words) == ("Your order is confirmed", True)
    assert [one.is_trial for one in shop.subscriptions()] == [True]
    assert till.sessions() == []


def test_the_sums_follow_the_form(buyer: Client, shop: Shop) -> None:
    token = buyer.token(buyer.get("/billing/cart"))
    answer = buyer.browser.post("/billing/cart/summary", data=wish(shop, csrf_token=token, seats="2"))
    assert (answer.status_code, "€23.80" in answer.get_json()["piece"]) == (200, True)
    missing = buyer.browser.post("/billing/cart/summary", data=wish(shop, csrf_token=token, seats=""))
    assert (missing.status_code, "Please fill in" in missing.get_json()["piece"]) == (400, True)


@ON_SQLITE
def test_what_was_chosen_for_one_account_is_never_put_in_the_cart_of_another(
    buyer: Client, shop: Shop, database: Database
) -> None:
    other = core.account(kind="online", name="ZZZ second")
    core.contact(other, buyer_of(shop))
    buyer.post("/my-account/account", {"account": shop.account.public_id}, page=buyer.get("/my-account"))
    chosen = buyer.get(f"/billing/new/{shop.product.code}?kind=buy&tier=Pro&seats=5&frequency=monthly")
    named = chosen.html.select_one("#order-form input[name=acting_for]")
    assert named is not None
    buyer.post("/my-account/account", {"account": other.public_id}, page=buyer.get("/my-account"))
    page = put(buyer, shop, acting_for=str(named["value"]))
    assert (page.status, lines(buyer)) == (409, [])
    assert put(buyer, shop, acting_for=other.public_id).status == 303
