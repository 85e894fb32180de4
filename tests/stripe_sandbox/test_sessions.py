"""Checkout Sessions over the API: what they carry, what is refused, how they end."""

import time
from typing import Any

import pytest
import stripe
from stripe import Charge, Customer, PaymentIntent, PaymentMethod, Refund, SetupIntent
from stripe.checkout import Session

from tests.stripe_sandbox.till import SHOP, Till


def test_a_session_carries_what_it_was_opened_with(till: Till) -> None:
    session = till.open()
    assert session.id.startswith("cs_test_")
    assert session.object == "checkout.session"
    assert session.livemode is False
    assert (session.mode, session.status, session.payment_status) == ("payment", "open", "unpaid")
    assert (session.amount_total, session.currency) == (11900, "eur")
    assert session.client_reference_id == "pay_1"
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"payment": "pay_1"}
    assert session.url == f"{SHOP}/sandbox/pay/{session.id}"
    assert session.payment_intent is None
    assert session.expires_at - session.created == 24 * 60 * 60
    assert till.client.v1.checkout.sessions.retrieve(session.id).id == session.id


def test_a_total_is_the_sum_of_the_lines(till: Till) -> None:
    line = {"quantity": 3, "price_data": {"currency": "EUR", "unit_amount": 1000, "product_data": {"name": "Seat"}}}
    assert till.open(line_items=[line, line]).amount_total == 6000


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (0, "usd", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (-1, "eur", "parameter_invalid_integer"),
        (10005, "bhd", None),
        (10001, "isk", None),
        (1000, "euro", None),
        (1000, "€€€", None),
    ],
)
def test_amounts_that_no_card_may_be_charged_with_are_refused(
    till: Till, amount: int, currency: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.open(amount, currency)
    assert refused.value.http_status == 400
    assert refused.value.code == code
    assert till.events() == []


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(50, "eur"), (30, "gbp"), (50, "jpy"), (500, "jpy"), (10010, "bhd"), (10000, "isk"), (99_999_999, "usd")],
)
def test_amounts_at_the_limits_are_taken(till: Till, amount: int, currency: str) -> None:
    assert till.open(amount, currency).amount_total == amount


@pytest.mark.parametrize("seconds", [30 * 60 - 60, 24 * 60 * 60 + 60, -60])
def test_a_session_lives_thirty_minutes_to_a_day(till: Till, seconds: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.open(expires_at=int(time.time()) + seconds)
    assert refused.value.param == "expires_at"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"success_url": "/relative"}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"cancel_url": "ftp://shop.example"}, "cancel_url"),
        ({"mode": "subscription"}, "mode"),
        ({"mode": "gift"}, "mode"),
        ({"locale": "klingon"}, "locale"),
        ({"nonsense": "1"}, "nonsense"),
        ({"line_items": []}, "line_items"),
        ({"customer": "cus_unknown"}, "customer"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"metadata": {"a": "x" * 501}}, "metadata"),
        ({"metadata": {"a" * 41: "x"}}, "metadata"),
        ({"metadata": {str(number): "x" for number in range(51)}}, "metadata"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"adaptive_pricing": {"enabled": True}}, "adaptive_pricing[enabled]"),
        ({"allowed_payment_method_types": ["sepa_debit"]}, "allowed_payment_method_types"),
        # Gone from the wire since the API version that the SDK is pinned to.
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"setup_intent_data": {"description": "x"}}, "setup_intent_data"),
        ({"payment_intent_data": {"capture_method": "manual"}}, "payment_intent_data[capture_method]"),
    ],
)
def test_parameters_that_stripe_or_the_sandbox_refuses(till: Till, change: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.open(**change)
    assert refused.value.http_status == 400
    assert refused.value.param == param


def test_a_missing_success_url_is_said(till: Till) -> None:
    params = till.params()
    del params["success_url"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.checkout.sessions.create(params)
    assert refused.value.code == "parameter_missing"


def test_an_open_session_can_be_ended_once(till: Till) -> None:
    session = till.open()
    ended = till.client.v1.checkout.sessions.expire(session.id)
    assert (ended.status, ended.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.checkout.sessions.expire(session.id)
    assert len(till.events("checkout.session.expired")) == 1


def test_a_paid_session_cannot_be_ended(till: Till) -> None:
    session = till.open()
    till.pay(session)
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.checkout.sessions.expire(session.id)
    assert till.look(session).payment_status == "paid"


def test_a_session_ends_by_itself_and_takes_its_intent_along(till: Till) -> None:
    session = till.open(expires_at=int(time.time()) + 31 * 60)
    till.pay(session, "pm_card_visa_chargeDeclined")
    till.ahead = 32 * 60
    seen = till.look(session)
    assert seen.status == "expired"
    assert isinstance(seen.payment_intent, PaymentIntent)
    assert seen.payment_intent.status == "canceled"
    assert len(till.events("checkout.session.expired")) == 1
    assert len(till.events("payment_intent.canceled")) == 1


def test_a_round_of_deliveries_ends_sessions_that_nobody_looks_at(till: Till) -> None:
    till.open(expires_at=int(time.time()) + 31 * 60)
    till.ahead = 32 * 60
    assert till.sandbox.deliver_due(lambda payload, signature: 200) == 1
    assert [event.type for event in till.events()] == ["checkout.session.expired"]


def test_lists_page_newest_first_and_filter(till: Till) -> None:
    opened = [till.open().id for _ in range(5)]
    till.client.v1.checkout.sessions.expire(opened[0])
    first = till.client.v1.checkout.sessions.list({"limit": 2})
    assert [session.id for session in first.data] == [opened[4], opened[3]]
    assert first.has_more
    assert [session.id for session in first.auto_paging_iter()] == opened[::-1]
    before = till.client.v1.checkout.sessions.list({"ending_before": opened[2], "limit": 1})
    assert [session.id for session in before.data] == [opened[3]]
    ended = till.client.v1.checkout.sessions.list({"status": "expired"})
    assert [session.id for session in ended.data] == [opened[0]]
    assert till.client.v1.checkout.sessions.list({"created": {"gt": int(till.now()) + 60}}).data == []
    assert len(till.client.v1.checkout.sessions.list({"created": {"gte": int(till.now()) - 60}}).data) == 5
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.checkout.sessions.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.checkout.sessions.list({"starting_after": "cs_test_unknown"})


def test_what_does_not_exist_and_what_cannot_be_expanded(till: Till) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.checkout.sessions.retrieve("cs_test_unknown")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.payment_intents.retrieve(till.open().id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.checkout.sessions.retrieve(till.open().id, {"expand": ["amount_total"]})
    assert refused.value.param == "expand"


def test_objects_carry_only_fields_that_the_sdk_knows(till: Till) -> None:
    customer = till.client.v1.customers.create({"name": "Acme", "email": "a@acme.example"})
    paid = till.open(customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"})
    till.pay(paid)
    saved = till.setup(customer.id)
    till.pay(saved)
    session = till.look(paid)
    intent = session.payment_intent
    assert isinstance(intent, PaymentIntent)
    assert isinstance(intent.latest_charge, Charge)
    refund = till.client.v1.refunds.create({"payment_intent": intent.id})
    method = till.client.v1.payment_methods.retrieve(str(intent.payment_method))
    seen = [
        (session, Session), (intent, PaymentIntent), (intent.latest_charge, Charge), (refund, Refund),
        (method, PaymentMethod), (customer, Customer), (till.look(saved).setup_intent, SetupIntent),
        (till.events()[0], stripe.Event),
    ]  # fmt: skip
    for thing, kind in seen:
        assert isinstance(thing, kind)
        assert isinstance(thing, stripe.StripeObject)
        assert set(thing.to_dict()) - set(kind.__annotations__) == set(), kind.__name__
