"""The pages of saved cards, and the choice of a card on the pay pages, as a contact uses them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from billing_core import clock
from billing_core.payments.cards import service as adding
from billing_core.permissions import Viewer
from tests.client import Client, Page
from tests.conftest import SECRET
from tests.corporate_portal.invoices.conftest import Desk
from tests.factories import cards, core, ledger
from tests.factories.till import CardTill, impatient


@pytest.fixture
def desk(app: Flask, settings: object) -> Iterator[Desk]:
    """An account in dollars, its invoice of 100.00, and a browser that may pay it."""
    with impatient():
        till = CardTill(settings.data_dir / "sandbox.sqlite", SECRET)  # type: ignore[attr-defined]
        account = core.account(currency="USD")
        payer = core.contact(account, core.person("Petra Payer"))
        invoice = ledger.invoice(account, 10000, contact=payer)
        yield Desk(app, account, payer, invoice, Client(app).sign_in(payer), till)


def viewer(desk: Desk) -> Viewer:
    return core.viewer(desk.payer)


def choices(page: Page) -> list[str]:
    return [str(box["value"]) for box in page.html.select("input[name=card]")]


def test_a_card_is_added_listed_made_default_and_removed(desk: Desk) -> None:
    page = desk.browser.get("/profile/cards")
    assert "No card is saved" in page.words
    for token in ("pm_card_visa", "pm_card_expiresSoon"):
        hosted = desk.browser.post("/profile/cards/add", desk.browser.get("/profile/cards").form("cards/add"))
        assert hosted.status == 303
        session = hosted.location.rpartition("/")[2]
        back = desk.till.enter_card_at(session, token)
        done = desk.browser.get(back.headers["Location"].removeprefix("http://localhost"))
        assert done.location == "/profile/cards"
        assert "The card is saved." in desk.browser.follow(done).words
    first, second = cards.on_file(desk.account)
    page = desk.browser.get("/profile/cards")
    assert "Visa •••• 4242 Proposed first" in page.words
    assert "Expires soon" in page.words
    desk.browser.post(f"/profile/cards/{second.public_id}/default", page=page)
    assert [card.is_default for card in cards.on_file(desk.account)] == [False, True]
    asked = desk.browser.get(f"/profile/cards/{first.public_id}/remove")
    assert asked.h1 == "Remove this card"
    assert len(cards.on_file(desk.account)) == 2
    gone = desk.browser.post(f"/profile/cards/{first.public_id}/remove", asked.form("remove"))
    assert "Visa •••• 4242 was removed." in desk.browser.follow(gone).words
    assert desk.browser.get(f"/profile/cards/{first.public_id}/remove").location == "/profile/cards"
    with time_machine.travel(clock.now() + timedelta(days=40)):
        again = Client(desk.app).sign_in(desk.payer).get("/profile/cards")
        assert "Expired" in again.words
        assert "default" not in again.text.partition("<main")[2]


def test_only_who_may_pay_sees_them_and_others_cards_are_not_there(desk: Desk) -> None:
    card = cards.saved(desk.till, desk.account, viewer(desk))
    setup = adding.add_card(viewer(desk), desk.account.public_id, "form_x")
    other, stranger = desk.someone("manage"), desk.stranger()
    token = other.token(other.get("/profile"))
    assert "Saved cards" not in other.get("/profile").words
    assert other.get("/profile/cards").status == 403
    assert stranger.get(f"/profile/cards?added={setup.public_id}").status == 404
    strange = stranger.token(stranger.get("/profile"))
    for deed in ("default", "remove"):
        place = f"/profile/cards/{card.public_id}/{deed}"
        assert other.post(place, {"csrf_token": token}).status == 403
        assert stranger.post(place, {"csrf_token": strange}).status == 404
    assert other.get(f"/profile/cards/{card.public_id}/remove").status == 403
    assert stranger.get(f"/profile/cards/{card.public_id}/remove").status == 404


def test_an_invoice_is_paid_with_the_card_that_is_proposed(desk: Desk) -> None:
    card = cards.saved(desk.till, desk.account, viewer(desk))
    page = desk.browser.get(f"{desk.address}/pay")
    assert (choices(page), page.form("/pay")["card"]) == ([card.public_id, "new"], card.public_id)
    receipt = desk.browser.follow(desk.pay(share="part", amount="40.00"))
    assert receipt.h1 == "Thank you for your payment"
    assert "Visa •••• 4242" in receipt.words
    assert desk.pay(card="new").location.startswith("http://localhost/sandbox/pay/")


def test_what_a_decline_means_is_told_with_the_next_step(desk: Desk) -> None:
    cards.saved(desk.till, desk.account, viewer(desk), "pm_card_chargeCustomerFail")
    page = desk.browser.follow(desk.pay())
    assert page.h1 == "The payment was not carried out"
    assert "Visa •••• 0341 was not charged" in page.words
    assert "You can try again with this or another card" in page.words
    assert "Start a new payment" in page.words


def test_the_bank_is_asked_on_its_own_page(desk: Desk) -> None:
    cards.saved(desk.till, desk.account, viewer(desk), "pm_card_threeDSecure2Required")
    led = desk.pay()
    assert "/sandbox/authenticate/pi_" in led.location
    (payment_id,) = {intent.metadata["payment"] for intent in desk.till.intents()}  # type: ignore[index]
    page = desk.browser.get(f"/payments/{payment_id}")
    assert "Your bank asks you to confirm this payment." in page.words
    assert "Continue the payment" in page.words
    waiting = desk.browser.get(f"{desk.address}/pay")
    assert "A card payment of $100.00 is under way" in waiting.words
    in_use = desk.browser.get("/profile/cards")
    (card,) = cards.on_file(desk.account)
    told = desk.browser.post(f"/profile/cards/{card.public_id}/remove", page=in_use)
    assert "Finish or cancel it before you remove the card." in desk.browser.follow(told).words


def test_a_ticked_box_keeps_the_card_that_paid(desk: Desk) -> None:
    hosted = desk.pay(keep="y")
    back = desk.till.enter_card_at(hosted.location.rpartition("/")[2], "pm_card_mastercard")
    receipt = desk.browser.get(back.headers["Location"].removeprefix("http://localhost"))
    assert receipt.h1 == "Thank you for your payment"
    assert [card.name for card in cards.on_file(desk.account)] == ["Mastercard •••• 4444"]


def test_several_invoices_are_paid_with_a_card_on_file(desk: Desk) -> None:
    card, other = cards.saved(desk.till, desk.account, viewer(desk)), ledger.invoice(desk.account, 5000)
    parts = f"parts-0={desk.invoice.public_id}.10000.10000&parts-1={other.public_id}.5000.5000"
    page = desk.browser.get(f"/payments/confirm?{parts}")
    sent = page.form("payments/confirm")
    assert sent["card"] == card.public_id
    receipt = desk.browser.follow(desk.browser.post("/payments/confirm", sent))
    assert receipt.h1 == "Thank you for your payment"
    assert [ledger.reread(one).balance for one in (desk.invoice, other)] == [0, 0]


def test_expired_cards_and_foreign_brands_are_not_offered_and_refused(desk: Desk) -> None:
    soon = cards.saved(desk.till, desk.account, viewer(desk), "pm_card_expiresSoon")
    dollars = cards.saved(desk.till, desk.account, viewer(desk), "pm_card_discover")
    in_euros = ledger.invoice(desk.account, 10000, currency="EUR")
    page = desk.browser.get(f"/invoices/{in_euros.public_id}/pay")
    assert choices(page) == [soon.public_id, "new"]
    sent = page.form("/pay") | {"card": dollars.public_id}
    refused = desk.browser.post(f"/invoices/{in_euros.public_id}/pay", sent)
    assert refused.status == 409
    assert "Discover is not accepted for payments in EUR." in refused.words
    with time_machine.travel(clock.now() + timedelta(days=40)):
        browser = Client(desk.app).sign_in(desk.payer)
        late = browser.get(f"{desk.address}/pay")
        assert choices(late) == [dollars.public_id, "new"]
        sent = late.form("/pay") | {"card": soon.public_id}
        assert "This card has expired." in browser.post(f"{desk.address}/pay", sent).words
    stranger_card = cards.saved(desk.till, elsewhere := core.account(), core.viewer(core.contact(elsewhere)))
    assert desk.pay(card=stranger_card.public_id).status == 404
    assert desk.till.charges() == []
