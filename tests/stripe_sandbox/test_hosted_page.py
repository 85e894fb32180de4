"""The hosted page as a browser without JavaScript meets it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from stripe import Charge, PaymentIntent
from stripe.checkout import Session
from werkzeug.test import TestResponse

from tests.stripe_sandbox.till import SHOP, Till, soup, text

PAID_ONCE = ["charge.succeeded", "checkout.session.completed", "payment_intent.created", "payment_intent.succeeded"]


def types(till: Till) -> list[str]:
    return sorted(event.type for event in till.events())


def returned_to(response: TestResponse) -> str:
    assert response.status_code == 303
    return response.headers["Location"]


def test_the_page_shows_who_what_and_how_much(till: Till) -> None:
    response = till.get(till.open())
    assert response.status_code == 200
    page = soup(response)
    shown = text(response)
    assert page.html is not None
    assert page.html["lang"] == "en"
    assert [heading.get_text() for heading in page.find_all("h1")] == ["Pay Acme"]
    for words in ("TEST MODE", "€119.00", "Invoice RE-1", "Seats in May", "Test card"):
        assert words in shown
    assert [button.get_text() for button in page.find_all("button")] == ["Pay"]
    back = page.find("a", string="Cancel and return")
    assert back is not None
    assert back["href"] == f"{SHOP}/invoices/1"
    assert [option["value"] for option in page.select("select[name=card] option")] == [
        "pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_discover", "pm_card_visa_chargeDeclined",
        "pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedExpiredCard",
        "pm_card_threeDSecure2Required", "pm_card_pendingRefund", "pm_card_refundFail", "pm_card_createDispute",
            "pm_card_createDisputeInquiry",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "accepts", "language"),
    [
        ("de", "en", "de"), ("en", "de", "en"), ("auto", "de-AT,de;q=0.9", "de"), ("auto", "fr", "en"),
        ("auto", "", "en"), ("fr", "de", "en"),
    ],
)  # fmt: skip
def test_the_session_chooses_the_language(till: Till, locale: str, accepts: str, language: str) -> None:
    response = till.get(till.open(locale=locale), headers={"Accept-Language": accepts})
    page = soup(response)
    assert page.html is not None
    assert page.html["lang"] == language
    button = page.find("button")
    assert button is not None
    assert button.get_text() == {"de": "Zahlen", "en": "Pay"}[language]
    if language == "de":
        for words in ("TESTMODUS", "119,00 €", "Testkarte", "Abbrechen und zurück"):
            assert words in text(response)


def test_yen_have_no_decimals_and_dinars_three(till: Till) -> None:
    assert "¥500 " in text(till.get(till.open(500, "jpy")))
    assert "BHD10.010 " in text(till.get(till.open(10010, "bhd")))


def test_no_input_with_a_name_takes_a_card_number_and_nothing_is_inline(till: Till) -> None:
    response = till.get(till.open())
    page = soup(response)
    number = page.find("input", id="card-number")
    assert number is not None
    assert not number.has_attr("name")
    assert {field["name"] for field in page.select("form [name]")} == {"page_token", "card"}
    assert page.find("style") is None
    assert page.select("[style], [onclick]") == []
    assert all(script.get("src") and not script.get_text() for script in page.find_all("script"))
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert f"form-action 'self' {SHOP}" in policy
    assert "unsafe" not in policy
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }.items():
        assert response.headers[name] == value


def test_the_page_serves_its_own_style_and_script(till: Till) -> None:
    page = soup(till.get(till.open()))
    for element, attribute, mimetype in (("link", "href", "text/css"), ("script", "src", "text/javascript")):
        found = page.find(element, {attribute: True})
        assert found is not None
        response = till.browser.get(str(found[attribute]))
        assert (response.status_code, response.mimetype) == (200, mimetype)
        again = till.browser.get(str(found[attribute]), headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304
    assert till.browser.get("/sandbox/static/..%2Fstore.py").status_code == 404
    assert till.browser.get("/sandbox/static/store.py").status_code == 404


@pytest.mark.parametrize(
    ("token", "brand", "last4"),
    [
        ("pm_card_visa", "visa", "4242"), ("pm_card_mastercard", "mastercard", "4444"),
        ("pm_card_amex", "amex", "0005"), ("pm_card_discover", "discover", "1117"),
    ],
)  # fmt: skip
def test_a_good_card_pays_and_leads_back(till: Till, token: str, brand: str, last4: str) -> None:
    session = till.open()
    assert returned_to(till.pay(session, token)) == f"{SHOP}/return?session={session.id}"
    seen = till.look(session)
    assert (seen.status, seen.payment_status, seen.url) == ("complete", "paid", None)
    intent = seen.payment_intent
    assert isinstance(intent, PaymentIntent)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 11900, "eur")
    assert intent.metadata.to_dict() == {"payment": "pay_1"}
    charge = intent.latest_charge
    assert isinstance(charge, Charge)
    assert charge.paid
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (brand, last4)
    assert types(till) == PAID_ONCE


@pytest.mark.parametrize(
    ("card", "code", "says"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "The card was declined."),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "The card has insufficient funds."),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "The card has expired."),
    ],
)
def test_a_decline_is_said_and_can_be_tried_again(till: Till, card: str, code: str, says: str) -> None:
    session = till.open()
    assert returned_to(till.pay(session, card)) == f"/sandbox/pay/{session.id}"
    assert says in text(till.get(session))
    seen = till.look(session)
    assert (seen.status, seen.payment_status) == ("open", "unpaid")
    first = seen.payment_intent
    assert isinstance(first, PaymentIntent)
    assert first.status == "requires_payment_method"
    assert first.last_payment_error is not None
    assert first.last_payment_error.code == code
    assert returned_to(till.pay(session)).startswith(SHOP)
    seen = till.look(session)
    assert isinstance(seen.payment_intent, PaymentIntent)
    assert seen.payment_intent.id == first.id
    assert seen.payment_intent.last_payment_error is None
    assert types(till) == sorted([*PAID_ONCE, "charge.failed", "payment_intent.payment_failed"])


def test_three_d_secure_that_is_completed(till: Till) -> None:
    session = till.open()
    challenge = returned_to(till.pay(session, "pm_card_threeDSecure2Required"))
    assert challenge == f"/sandbox/pay/{session.id}/challenge"
    assert till.look(session).payment_status == "unpaid"
    page = till.browser.get(challenge)
    assert [button.get_text() for button in soup(page).find_all("button")] == [
        "Complete authentication",
        "Fail authentication",
    ]
    assert returned_to(till.answer(session, "complete")).startswith(SHOP)
    seen = till.look(session)
    assert isinstance(seen.payment_intent, PaymentIntent)
    assert isinstance(seen.payment_intent.latest_charge, Charge)
    details = seen.payment_intent.latest_charge.payment_method_details
    assert details is not None
    assert details.card is not None
    assert details.card.three_d_secure is not None
    assert details.card.three_d_secure.result == "authenticated"
    assert types(till) == sorted([*PAID_ONCE, "payment_intent.requires_action"])


def test_three_d_secure_that_fails_leaves_the_session_open(till: Till) -> None:
    session = till.open()
    till.pay(session, "pm_card_threeDSecure2Required")
    assert returned_to(till.answer(session, "fail")) == f"/sandbox/pay/{session.id}"
    assert "3-D Secure was not completed." in text(till.get(session))
    seen = till.look(session)
    assert isinstance(seen.payment_intent, PaymentIntent)
    assert seen.payment_intent.last_payment_error is not None
    assert seen.payment_intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert seen.payment_intent.latest_charge is None
    assert returned_to(till.get(session, "/challenge")) == f"/sandbox/pay/{session.id}"
    assert returned_to(till.pay(session)).startswith(SHOP)


def test_another_card_can_be_taken_while_a_challenge_waits(till: Till) -> None:
    session = till.open()
    token = till.token(session)
    till.pay(session, "pm_card_threeDSecure2Required")
    assert returned_to(till.pay(session)).startswith(SHOP)
    late = till.post(session, "/challenge", outcome="complete", page_token=token)
    assert returned_to(late).startswith(SHOP)
    assert types(till).count("payment_intent.succeeded") == 1


def test_sending_the_form_four_times_at_once_pays_once(till: Till) -> None:
    session = till.open()
    token = till.token(session)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(till.post, session, card="pm_card_visa", page_token=token) for _ in range(4)]
    assert {returned_to(one.result()) for one in sent} == {f"{SHOP}/return?session={session.id}"}
    assert types(till) == PAID_ONCE
    assert len(till.client.v1.payment_intents.list().data) == 1
    assert len(till.client.v1.charges.list().data) == 1


def test_a_page_that_is_over_says_so_and_changes_nothing(till: Till) -> None:
    paid, ended = till.open(), till.open()
    token = till.token(ended)
    till.pay(paid)
    till.client.v1.checkout.sessions.expire(ended.id)
    assert "This payment is complete" in text(till.get(paid))
    back = soup(till.get(paid)).find("a")
    assert back is not None
    assert back["href"] == f"{SHOP}/return?session={paid.id}"
    assert "This page has expired" in text(till.get(ended))
    back = soup(till.get(ended)).find("a")
    assert back is not None
    assert back["href"] == f"{SHOP}/invoices/1"
    before = len(till.events())
    assert returned_to(till.post(ended, card="pm_card_visa", page_token=token)) == f"/sandbox/pay/{ended.id}"
    assert len(till.events()) == before


def test_a_session_that_expires_while_its_page_is_open_takes_no_money(till: Till) -> None:
    session = till.open(expires_at=int(time.time()) + 31 * 60)
    token = till.token(session)
    till.ahead = 32 * 60
    assert returned_to(till.post(session, card="pm_card_visa", page_token=token)) == f"/sandbox/pay/{session.id}"
    assert till.look(session).status == "expired"
    assert types(till) == ["checkout.session.expired"]


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "4242424242424242"},
        {"card": "4242 4242 4242 4242"},
        {"note": "my card: 3782-8224-6310-005, thanks"},
        {"note": "order 99 4242424242424242 99"},
        {"4242424242424242": "x"},
        {"note": "6011111111111117000"},
    ],
)
def test_whatever_looks_like_a_card_number_is_refused_and_not_kept(till: Till, fields: dict[str, str]) -> None:
    session = till.open()
    response = till.post(session, **{"card": "pm_card_visa", "page_token": till.token(session), **fields})
    assert response.status_code == 400
    assert "looks like a card number" in text(response)
    assert till.events() == []
    assert b"4242424242424242" not in till.path.read_bytes()


def test_a_card_number_in_the_address_is_refused(till: Till) -> None:
    session = till.open()
    token = till.token(session)
    response = till.browser.post(
        f"/sandbox/pay/{session.id}?number=4242424242424242", data={"card": "pm_card_visa", "page_token": token}
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"card": "pm_card_visa"},
        {"card": "pm_card_visa", "page_token": "wrong"},
        {"card": "pm_card_visa", "page_token": "ü"},
        {"page_token": "right"},
        {"card": "pm_card_unknown", "page_token": "right"},
        {"card": "pm_card_chargeCustomerFail", "page_token": "right"},
        {"card": "", "page_token": "right"},
    ],
)
def test_a_form_without_its_token_or_with_a_foreign_choice_is_refused(till: Till, fields: dict[str, str]) -> None:
    session = till.open()
    if fields.get("page_token") == "right":
        fields = {**fields, "page_token": till.token(session)}
    response = till.post(session, **fields)
    assert response.status_code == 400
    assert "out of date or not complete" in text(response)
    assert till.events() == []


def test_one_sessions_token_does_not_serve_another(till: Till) -> None:
    session, other = till.open(), till.open()
    assert till.post(session, card="pm_card_visa", page_token=till.token(other)).status_code == 400


def test_a_challenge_takes_only_its_two_answers(till: Till) -> None:
    session = till.open()
    till.pay(session, "pm_card_threeDSecure2Required")
    assert till.answer(session, "maybe").status_code == 400
    assert till.look(session).status == "open"


def test_addresses_that_lead_nowhere(till: Till) -> None:
    assert till.browser.get("/sandbox/pay/cs_test_unknown").status_code == 404
    assert till.browser.post("/sandbox/pay/cs_test_unknown", data={"card": "pm_card_visa"}).status_code == 404
    assert till.browser.get("/sandbox/").status_code == 404
    assert till.browser.put(f"/sandbox/pay/{till.open().id}").status_code == 405


def test_an_oversized_form_is_refused(till: Till) -> None:
    session = till.open()
    response = till.post(session, card="pm_card_visa", page_token=till.token(session), more="x" * 20_000)
    assert response.status_code == 413
    assert till.events() == []


def test_blocked_brands_are_neither_offered_nor_taken(till: Till) -> None:
    blocked = {"card": {"restrictions": {"brands_blocked": ["discover_global_network", "american_express"]}}}
    session = till.open(payment_method_options=blocked)
    offered = {option["value"] for option in soup(till.get(session)).select("select[name=card] option")}
    assert not {"pm_card_discover", "pm_card_amex"} & offered
    assert till.pay(session, "pm_card_discover").status_code == 400
    assert till.pay(session, "pm_card_visa").status_code == 303


def test_names_are_escaped_and_a_sessions_own_merchant_is_shown(till: Till) -> None:
    session: Session = till.open(branding_settings={"display_name": "<b>Müller & Co</b>"})
    assert "Pay <b>Müller & Co</b>" in text(till.get(session))
    assert soup(till.get(session)).find("b") is None


def test_a_session_without_a_way_back_shows_none(till: Till) -> None:
    params = till.params()
    del params["cancel_url"]
    session = till.client.v1.checkout.sessions.create(params)
    assert soup(till.get(session)).find("a") is None
