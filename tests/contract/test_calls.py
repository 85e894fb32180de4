"""The calls of the gateway and the shapes that it reads, on each processor."""

import json
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
import stripe

from billing_core import clock
from billing_core.payments.gateway import Refused, Unclear
from billing_core.payments.listing import Period
from billing_core.payments.stripe_gateway import EXPAND, _parameters
from tests.contract.conftest import SECRET, Processor, key_of_stripe, wish


def replayed(thing: stripe.StripeObject) -> bool:
    assert thing.last_response is not None
    return thing.last_response.headers.get("Idempotent-Replayed") == "true"


def named(thing: stripe.PaymentIntent | stripe.Refund) -> dict[str, Any]:
    assert thing.metadata is not None
    return dict(thing.metadata.to_dict())


def paid_intent(processor: Processor, amount: int = 4000) -> stripe.PaymentIntent:
    """Money taken from a test card without a browser, as a saved card will be charged."""
    customer = processor.sdk.v1.customers.create({"name": "Contract"})
    card = processor.sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    return processor.sdk.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": card.id,
            "confirm": True,
            "off_session": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"payment": "pay_contract"},
            "expand": ["latest_charge"],
        },
        {"idempotency_key": uuid4().hex},
    )


def test_a_session_is_what_was_asked_for(processor: Processor) -> None:
    request = wish()
    made = processor.gateway.create_session(request)
    assert (made.reference, made.amount, made.currency) == (request.reference, 4000, "EUR")
    assert (made.status, made.is_paid, made.is_final, made.livemode) == ("open", False, False, False)
    assert made.url is not None
    assert made.url.startswith("http")
    assert made.expires_at == request.expires_at.replace(microsecond=0)
    assert (made.intent_id, made.received, made.card_last4, made.decline) == (None, None, "", "")
    assert processor.gateway.retrieve_session(made.session_id) == made


def test_a_session_says_the_rest_of_what_we_read(processor: Processor) -> None:
    made = processor.gateway.create_session(wish())
    raw = processor.sdk.v1.checkout.sessions.retrieve(made.session_id, {"expand": EXPAND})
    assert (raw.object, raw.mode, raw.payment_status, raw.status) == ("checkout.session", "payment", "unpaid", "open")
    assert raw.metadata is not None
    assert raw.metadata["payment"] == raw.client_reference_id
    assert raw.payment_intent is None
    assert isinstance(raw.expires_at, int)


def test_the_same_request_again_is_the_same_session(processor: Processor) -> None:
    request = wish()
    assert processor.gateway.create_session(request) == processor.gateway.create_session(request)
    again = processor.sdk.v1.checkout.sessions.create(
        _parameters(request), {"idempotency_key": f"checkout-{request.reference}"}
    )
    assert replayed(again)


def test_other_parameters_under_the_same_key_are_refused_and_say_nothing_about_the_money(processor: Processor) -> None:
    request = wish()
    processor.gateway.create_session(request)
    other = wish(reference=request.reference, amount=4001)
    with pytest.raises(Unclear):
        processor.gateway.create_session(other)
    with pytest.raises(stripe.IdempotencyError) as refused:
        processor.sdk.v1.checkout.sessions.create(
            _parameters(other), {"idempotency_key": f"checkout-{request.reference}"}
        )
    assert refused.value.http_status == 400


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", 5000), ("KWD", 12340), ("HUF", 4000000), ("ISK", 5000), ("UGX", 50000)]
)
def test_an_amount_is_understood_in_the_currencys_own_unit(processor: Processor, currency: str, amount: int) -> None:
    made = processor.gateway.create_session(wish(currency=currency, amount=amount))
    assert (made.amount, made.currency) == (amount, currency)


def test_a_request_that_is_not_possible_is_a_clear_no_and_leaves_the_key_free(processor: Processor) -> None:
    small = wish(amount=10)
    with pytest.raises(Refused):
        processor.gateway.create_session(small)
    with pytest.raises(Refused):
        processor.gateway.create_session(wish(expires_at=clock.now() + timedelta(minutes=5)))
    assert processor.gateway.create_session(wish(reference=small.reference)).status == "open"


def test_an_ended_session_is_final_and_cannot_be_ended_again(processor: Processor) -> None:
    made = processor.gateway.create_session(wish())
    ended = processor.gateway.expire_session(made.session_id)
    assert (ended.status, ended.is_final, ended.is_paid, ended.url) == ("expired", True, False, None)
    with pytest.raises(Refused):
        processor.gateway.expire_session(made.session_id)
    assert processor.gateway.retrieve_session(made.session_id) == ended


def test_a_session_that_does_not_exist(processor: Processor) -> None:
    with pytest.raises(Unclear):
        processor.gateway.retrieve_session("cs_test_unknown")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        processor.sdk.v1.checkout.sessions.retrieve("cs_test_unknown")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_a_charge_says_what_a_receipt_needs(processor: Processor) -> None:
    intent = paid_intent(processor)
    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == ("succeeded", 4000, 4000, "eur")
    assert (intent.livemode, named(intent)) == (False, {"payment": "pay_contract"})
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.paid, charge.amount_refunded, charge.disputed) == ("succeeded", True, 0, False)
    assert charge.payment_method_details is not None
    card = charge.payment_method_details.card
    assert card is not None
    assert (card.brand, card.last4) == ("visa", "4242")


def test_refunds_add_up_to_the_charge_and_no_further(processor: Processor) -> None:
    intent = paid_intent(processor)
    ours = {"metadata": {"refund": "ref_contract"}}
    key = uuid4().hex
    wanted: Any = {"payment_intent": intent.id, "amount": 1500, **ours}
    first = processor.sdk.v1.refunds.create(wanted, {"idempotency_key": key})
    assert (first.object, first.amount, first.currency, first.payment_intent) == ("refund", 1500, "eur", intent.id)
    assert first.status in ("succeeded", "pending")
    assert named(first) == {"refund": "ref_contract"}
    again = processor.sdk.v1.refunds.create(wanted, {"idempotency_key": key})
    assert (again.id, replayed(again)) == (first.id, True)
    with pytest.raises(stripe.InvalidRequestError):
        processor.sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 2501})
    rest = processor.sdk.v1.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 2500
    with pytest.raises(stripe.InvalidRequestError) as over:
        processor.sdk.v1.refunds.create({"payment_intent": intent.id})
    assert over.value.code == "charge_already_refunded"
    listed = processor.sdk.v1.refunds.list({"payment_intent": intent.id, "limit": 100})
    assert ([refund.id for refund in listed.data], listed.has_more) == ([rest.id, first.id], False)
    charge = processor.sdk.v1.charges.retrieve(cast(stripe.Charge, intent.latest_charge).id)
    assert (charge.amount_refunded, charge.refunded) == (4000, True)


def test_lists_come_newest_first_and_page_by_cursor(processor: Processor) -> None:
    begun = int(clock.now().timestamp()) - 60
    older, newer = (processor.gateway.create_session(wish()).session_id for _ in range(2))
    page = processor.sdk.v1.checkout.sessions.list({"limit": 1, "created": {"gte": begun}})
    assert ([session.id for session in page.data], page.has_more) == ([newer], True)
    following = processor.sdk.v1.checkout.sessions.list({"limit": 1, "starting_after": newer})
    assert [session.id for session in following.data] == [older]


def test_a_period_is_listed_with_all_that_happened_in_it(processor: Processor) -> None:
    begun = clock.now() - timedelta(minutes=1)
    intent = paid_intent(processor)
    wanted: Any = {"payment_intent": intent.id, "amount": 1500, "metadata": {"refund": "ref_1"}}
    refund = processor.sdk.v1.refunds.create(wanted)
    listing, period = processor.gateway.listing, Period(begun, clock.now() + timedelta(minutes=1))
    payments = {one.intent_id: one for page in listing.payments(period) for one in page}
    there = payments[intent.id]
    assert (there.is_paid, there.received, there.currency, there.livemode) == (True, 4000, "EUR", False)
    assert listing.payment(intent.id) == payments[intent.id]
    refunds = {one.refund_id: one for page in listing.refunds(period) for one in page}
    assert (refunds[refund.id].intent_id, refunds[refund.id].reference) == (intent.id, "ref_1")
    assert listing.refund(refund.id) == refunds[refund.id]
    told = [one for page in listing.events(period) for one in page]
    about = {(one.event.kind, one.event.intent_id) for one in told}
    assert {("payment_intent.succeeded", intent.id), ("charge.succeeded", intent.id)} <= about
    assert all(json.loads(one.body)["id"] == one.event.event_id for one in told)
    before = Period(begun - timedelta(days=1), begun - timedelta(hours=23))
    assert intent.id not in {one.intent_id for page in listing.payments(before) for one in page}
    assert [listing.payment("pi_1"), listing.refund("re_1"), listing.dispute("du_1")] == [None, None, None]


def test_a_message_reads_as_the_gateway_reads_it(processor: Processor) -> None:
    processor.gateway.expire_session(processor.gateway.create_session(wish()).session_id)
    paid_intent(processor)
    told = processor.sdk.v1.events.list({"limit": 20}).data
    assert told
    for event in told:
        body = json.dumps(event.to_dict(), default=str)
        signature = str(stripe.WebhookSignature.generate_signature_header(body, SECRET))
        read = processor.gateway.read_event(body.encode(), signature)
        assert (read.event_id, read.kind) == (event.id, event.type)
        assert event.livemode is False


def test_a_live_key_is_never_used() -> None:
    assert key_of_stripe("sk_test_x") == "sk_test_x"
    with pytest.raises(pytest.fail.Exception, match="charges cards"):
        key_of_stripe("sk_live_x")
    with pytest.raises(pytest.skip.Exception, match="not asked"):
        key_of_stripe("")
