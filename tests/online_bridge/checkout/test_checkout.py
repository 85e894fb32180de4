"""The checkout: what it says, that it charges only what was seen, and what becomes of an order."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Change, Try
from billing_core.payments.models import Payment
from billing_core.payments.ordering import payment_of_order
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.factories import cards, core, ledger
from tests.factories import shop as factory
from tests.factories.shop import Shop
from tests.factories.till import CardTill
from tests.online_bridge.cart.test_cart import put
from tests.online_bridge.conftest import buyer_of


def orders(shop: Shop) -> Sequence[OnlineOrder]:
    """All of the account, the oldest first."""
    with db.reading() as session:
        own = select(OnlineOrder).where(OnlineOrder.account_id == shop.account.id)
        return session.scalars(own.order_by(OnlineOrder.id)).all()


def payment(shop: Shop) -> Payment:
    """Of the newest order."""
    with db.reading():
        found = payment_of_order(shop.buyer, orders(shop)[-1].public_id)
    assert found is not None
    return found


def checkout(buyer: Client, **changes: Any) -> Page:
    """Place Order on the checkout as it stands."""
    page = buyer.get("/billing/checkout")
    return buyer.post("/billing/checkout", page.form("/billing/checkout") | changes)


def cart_number(buyer: Client) -> int:
    return len(buyer.get("/billing/cart").html.select("main a[href^='/billing/cart/lines/']"))


def test_the_checkout_says_everything_before_it_charges(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop, then="checkout")
    words = buyer.get("/billing/checkout").words
    for part in ("GoMeet Pro", "5 organizers", "Monthly", "€50.00", "Tax 19%", "€9.50", "Total due today €59.50"):
        assert part in words, part
    assert "Next billing date" in words
    placed = checkout(buyer)
    assert (placed.status, "/sandbox/pay/" in placed.location) == (303, True)
    assert cart_number(buyer) == 1
    assert "payment for this product is under way" in buyer.get("/billing/cart").words
    assert buyer.get("/billing/checkout").location == "/billing/cart"
    till.enter_card(payment(shop))
    page = buyer.get(f"/billing/orders/{orders(shop)[0].public_id}?returned=1")
    assert page.h1 == "Your order is confirmed"
    with db.reading() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.account_id == shop.account.id)).one()
        mail = session.scalars(select(OutboxMail.kind).where(OutboxMail.account_id == shop.account.id)).all()
    assert (invoice.total, invoice.balance, mail) == (5950, 0, ["order-confirmed"])
    assert invoice.number in page.words
    assert (cart_number(buyer), shop.subscription().seats) == (0, 5)
    again = buyer.get(f"/billing/orders/{orders(shop)[0].public_id}?returned=1")
    assert again.h1 == "Your order is confirmed"


def test_other_sums_than_were_seen_are_shown_and_not_charged(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop)
    page = buyer.get("/billing/checkout")
    factory.reprice(shop.product, 1100, date(2020, 1, 2))
    refused = buyer.post("/billing/checkout", page.form("/billing/checkout"))
    assert refused.status == 409
    assert "The amounts have changed" in refused.words
    assert "€65.45" in refused.words
    assert orders(shop) == []
    assert buyer.post("/billing/checkout", refused.form("/billing/checkout")).status == 303
    assert [one.total for one in orders(shop)] == [6545]


def test_the_same_form_twice_and_two_tabs_order_once(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop)
    first, second = (buyer.get("/billing/checkout").form("/billing/checkout") for _ in range(2))
    placed = [buyer.post("/billing/checkout", first) for _ in range(2)]
    assert placed[0].location == placed[1].location
    other_tab = buyer.post("/billing/checkout", second)
    assert (other_tab.status, other_tab.h1, len(orders(shop))) == (409, "Edit Order", 1)
    till.enter_card(payment(shop))
    buyer.get(f"/billing/orders/{orders(shop)[0].public_id}?returned=1")
    late = buyer.post("/billing/checkout", first)
    assert late.location == f"/billing/orders/{orders(shop)[0].public_id}"
    empty = buyer.post("/billing/checkout", second)
    assert (empty.status, "Your cart is empty" in empty.words) == (400, True)
    assert (len(orders(shop)), len(till.charges())) == (1, 1)


def test_a_declined_card_loses_no_cart_and_another_one_pays(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop)
    card = cards.saved(till, shop.account, shop.buyer, "pm_card_chargeCustomerFail")
    declined = buyer.follow(checkout(buyer, card=card.public_id))
    assert (declined.h1, "The card was declined" in declined.words) == ("Nothing was ordered", True)
    assert [one.state for one in orders(shop)] == ["void"]
    assert cart_number(buyer) == 1
    good = cards.saved(till, shop.account, shop.buyer)
    confirmed = buyer.follow(checkout(buyer, card=good.public_id))
    assert confirmed.h1 == "Your order is confirmed"
    assert (cart_number(buyer), len(till.charges())) == (0, 1)


def test_an_attempt_is_taken_up_again_or_cancelled(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop)
    hosted = checkout(buyer).location
    here = f"/billing/orders/{orders(shop)[0].public_id}"
    waiting = buyer.get(here)
    assert waiting.h1 == "Your order waits for its payment"
    assert buyer.post(f"{here}/continue", waiting.form("continue")).location == hosted
    ended = buyer.follow(buyer.post(f"{here}/cancel", waiting.form("cancel")))
    assert (ended.h1, cart_number(buyer)) == ("Nothing was ordered", 1)
    assert buyer.get("/billing/checkout").status == 200


def test_what_costs_nothing_needs_no_card(buyer: Client, shop: Shop, till: CardTill) -> None:
    put(buyer, shop, kind="try")
    page = buyer.get("/billing/checkout")
    assert "no payment method is needed" in page.words
    confirmed = buyer.follow(buyer.post("/billing/checkout", page.form("/billing/checkout")))
    assert (confirmed.h1, till.sessions()) == ("Your order is confirmed", [])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_orders_invoices_and_cards_of_others_do_not_exist(client: Client, buyer: Client, till: CardTill) -> None:
    other = factory.shop()
    order = other.bought(till, other.buy())
    card = cards.saved(till, other.account, other.buyer)
    invoice = factory.invoice_of(order).public_id
    for path in (
        f"/billing/orders/{order.public_id}", f"/billing/orders/{order.public_id}?returned=1",
        f"/billing/invoices/{invoice}", f"/billing/invoices/{invoice}/pdf",
        f"/billing/payment-methods/{card.public_id}/remove",
    ):  # fmt: skip
        assert buyer.get(path).status == 404, path


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_belongs_to_a_corporate_account_of_the_same_person_is_behind_its_own_door(
    app: Flask, shop: Shop, till: CardTill
) -> None:
    corporate, both = core.account(), buyer_of(shop)
    core.contact(corporate, both)
    invoice = ledger.invoice(corporate, 5000, contact=both)
    note = ledger.credit_note(corporate, 1000, invoice).public_id
    card = cards.saved(till, corporate, core.viewer(both)).public_id
    client = Client(app).sign_in(both, Realm.MY)
    token = client.token(client.get("/my-account"))
    client.post("/my-account/account", {"csrf_token": token, "account": shop.account.public_id})
    assert client.get("/billing/cart").status == 200
    for path in (
        f"/billing/invoices/{invoice.public_id}", f"/billing/invoices/{invoice.public_id}/pdf",
        f"/billing/credit-notes/{note}", f"/billing/credit-notes/{note}/pdf", f"/billing/payment-methods/{card}/remove",
    ):  # fmt: skip
        assert client.get(path).status == 404, path
    for deed in ("default", "remove"):
        assert client.post(f"/billing/payment-methods/{card}/{deed}", {"csrf_token": token}).status == 404
    assert [kept.public_id for kept in cards.on_file(corporate)] == [card]


def test_the_history_shows_invoices_credit_notes_and_free_orders(buyer: Client, shop: Shop, till: CardTill) -> None:
    order = shop.bought(till, shop.buy(5))
    shop.bought(till, Try(shop.other.code, "Pro", 1))
    invoice = factory.invoice_of(order)
    listed = buyer.get("/billing/invoices")
    assert invoice.number in listed.words
    assert invoice.number in buyer.get(f"/billing/invoices?number={invoice.number}").words
    assert "No invoice found" in buyer.get("/billing/invoices?number=nothing").words
    whole = buyer.get(f"/billing/invoices/{invoice.public_id}").words
    for part in ("€50.00", "€59.50", "Paid by card"):
        assert part in whole, part
    assert buyer.get(f"/billing/invoices/{invoice.public_id}/pdf").status == 202
    assert [word in buyer.get("/billing/orders").words for word in ("GoMeet Pro", "GoTrain Pro", "€0.00")] == [True] * 3
    note = credited(shop)
    assert buyer.get(f"/billing/credit-notes/{note}").status == 200
    assert buyer.get(f"/billing/credit-notes/{note}/pdf").status == 202


def credited(shop: Shop) -> str:
    """A credit note, from fewer seats."""
    placed = shop.order(Change(shop.subscriptions()[0].public_id, "Pro", 4, "monthly"))
    return factory.credit_note_of(placed.order).public_id


def test_a_card_is_added_proposed_and_removed(buyer: Client, shop: Shop, till: CardTill) -> None:
    first = cards.saved(till, shop.account, shop.buyer)
    page = buyer.get("/billing/payment-methods")
    onward = buyer.post("/billing/payment-methods/add", page.form("/add"))
    assert "/sandbox/" in onward.location
    till.enter_card_at(till.sessions()[0].id, "pm_card_mastercard")
    back = till.sessions()[0].success_url or ""
    assert "/billing/payment-methods?added=" in back
    listed = buyer.follow(buyer.get(back.partition("localhost")[2]))
    assert "The card is saved" in listed.words
    second = next(card for card in cards.on_file(shop.account) if card.id != first.id)
    here = f"/billing/payment-methods/{second.public_id}"
    assert buyer.post(f"{here}/default", listed.form(f"{second.public_id}/default")).status == 303
    assert buyer.post(f"{here}/remove", buyer.get(f"{here}/remove").form("remove")).status == 303
    assert [card.last4 for card in cards.on_file(shop.account) if card.removed_at is None] == [first.last4]
