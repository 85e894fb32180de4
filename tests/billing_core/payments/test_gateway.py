"""The adapter: what is asked, what is understood, and what each kind of failure means."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from billing_core import clock, db
from billing_core.payments.gateway import Forged, Refused, SessionRequest, Unclear
from billing_core.payments.limits import brands
from billing_core.payments.stripe_gateway import StripeGateway, _parameters
from stripe_sandbox import Fault
from tests.factories.till import CREATE, EXPIRE, RETRIEVE, SECRET, CardTill


def wish(**changes: Any) -> SessionRequest:
    values: dict[str, Any] = {
        "reference": "pay_1", "amount": 4000, "currency": "EUR", "locale": "de", "title": "DE-2026-000001",
        "brands": brands("EUR"), "expires_at": clock.now() + timedelta(hours=23),
        "success_url": "http://localhost/payments/pay_1?returned=1", "cancel_url": "http://localhost/payments/pay_1",
    }  # fmt: skip
    return SessionRequest(**(values | changes))


def test_a_session_says_all_that_has_to_match_later(till: CardTill) -> None:
    made = till.gateway.create_session(wish())
    assert (made.reference, made.amount, made.currency, made.livemode) == ("pay_1", 4000, "EUR", False)
    assert (made.status, made.is_paid, made.is_final) == ("open", False, False)
    assert made.url is not None
    raw = till.stripe.v1.checkout.sessions.retrieve(made.session_id)
    assert raw.metadata is not None
    assert raw.metadata["payment"] == "pay_1"
    assert raw.allowed_payment_method_types == ["card"]


def test_the_same_request_again_is_the_same_session(till: CardTill) -> None:
    request = wish()
    assert till.gateway.create_session(request) == till.gateway.create_session(request)
    assert len(till.sessions()) == 1


def test_the_key_with_another_request_leaves_everything_open(till: CardTill) -> None:
    till.gateway.create_session(wish())
    with pytest.raises(Unclear):
        till.gateway.create_session(wish(amount=4001))


def test_a_paid_session_names_intent_and_card(till: CardTill) -> None:
    made = till.gateway.create_session(wish())
    till.enter_card_at(made.session_id, "pm_card_mastercard")
    seen = till.gateway.retrieve_session(made.session_id)
    assert (seen.is_paid, seen.received, seen.card_brand, seen.card_last4) == (True, 4000, "mastercard", "4444")
    assert seen.intent_id is not None
    assert seen.intent_id.startswith("pi_")


def test_a_decline_leaves_the_session_open_and_is_named(till: CardTill) -> None:
    made = till.gateway.create_session(wish())
    till.enter_card_at(made.session_id, "pm_card_visa_chargeDeclinedInsufficientFunds")
    seen = till.gateway.retrieve_session(made.session_id)
    assert (seen.status, seen.is_paid, seen.decline) == ("open", False, "insufficient_funds")


def test_brands_that_are_not_accepted_are_blocked() -> None:
    options: Any = _parameters(wish(brands=("visa",)))["payment_method_options"]
    assert options["card"]["restrictions"]["brands_blocked"] == [
        "american_express", "discover_global_network", "mastercard",
    ]  # fmt: skip


def test_expiring_twice_is_a_clear_no(till: CardTill) -> None:
    made = till.gateway.create_session(wish())
    assert till.gateway.expire_session(made.session_id).is_final
    with pytest.raises(Refused):
        till.gateway.expire_session(made.session_id)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.TIMES_OUT_BEFORE, Unclear),
        (Fault.TIMES_OUT_AFTER, Unclear),
        (Fault.SERVER_ERROR_BEFORE, Unclear),
        (Fault.SERVER_ERROR_AFTER, Unclear),
        (Fault.RATE_LIMITED, Unclear),
    ],
)
@pytest.mark.parametrize("call", [CREATE, RETRIEVE, EXPIRE])
def test_whatever_is_no_clear_answer_is_unclear(
    till: CardTill, call: str, fault: Fault, expected: type[Exception]
) -> None:
    made = till.gateway.create_session(wish(reference="pay_2"))
    deeds = {
        CREATE: lambda: till.gateway.create_session(wish()),
        RETRIEVE: lambda: till.gateway.retrieve_session(made.session_id),
        EXPIRE: lambda: till.gateway.expire_session(made.session_id),
    }
    till.fail(call, fault)
    with pytest.raises(expected):
        deeds[call]()


def test_an_invalid_request_is_a_clear_no(till: CardTill) -> None:
    with pytest.raises(Refused) as refused:
        till.gateway.create_session(wish(amount=10))
    assert refused.value.code == "amount_too_small"


def test_a_session_that_is_not_found_says_nothing_about_the_money(till: CardTill) -> None:
    with pytest.raises(Unclear):
        till.gateway.retrieve_session("cs_test_unknown")


def test_the_processor_is_never_asked_inside_a_transaction(till: CardTill) -> None:
    def verb() -> None:
        till.gateway.create_session(wish())

    with pytest.raises(RuntimeError, match="inside a transaction"):
        db.perform(verb)
    with db.reading(), pytest.raises(RuntimeError, match="inside a transaction"):
        till.gateway.retrieve_session("cs_test_x")
    assert till.sessions() == []


def test_the_key_says_whether_real_money_moves() -> None:
    live = StripeGateway("sk_live_x", SECRET)
    test = StripeGateway("rk_test_x", SECRET)
    assert live.livemode
    assert not test.livemode


@pytest.mark.parametrize(
    ("body", "signature"),
    [(b"{}", ""), (b"{}", "t=1,v1=00"), (b"\xff", "t=1,v1=00"), (b"", "x"), (b"[]", "t=1"), (b"{}", "\u00e9")],
)
def test_forged_events_are_told(till: CardTill, body: bytes, signature: str) -> None:
    with pytest.raises(Forged):
        till.gateway.read_event(body, signature)


@pytest.mark.parametrize("body", ["{}", "[]", "null", '{"object": "event"}', "no json"])
def test_a_good_signature_over_nonsense_is_not_believed(till: CardTill, body: str) -> None:
    signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    with pytest.raises(Forged):
        till.gateway.read_event(body.encode(), signature)
