"""What we rely on about cards on file: customers, setups, charges in two steps, the owner's part, letting go."""

from uuid import uuid4

import pytest
import stripe

from billing_core.payments.gateway import CHARGE, PERSON, ChargeRequest, Refused, Unclear
from tests.contract.conftest import Processor, setup_wish, wish

BACK = "https://portal.example/payments/pay_1?returned=1"


def on_file(processor: Processor, card: str = "pm_card_visa") -> tuple[str, str]:
    """A customer and a card of it, as adding one leaves them."""
    customer = processor.gateway.create_customer(f"cus_{uuid4().hex[:16]}")
    return customer, processor.sdk.v1.payment_methods.attach(card, {"customer": customer}).id


def request(customer: str, method: str, **changes: int) -> ChargeRequest:
    amount = changes.get("amount", 4000)
    return ChargeRequest(f"pay_{uuid4().hex[:16]}", amount, "EUR", "Rechnung DE-2026-000001", customer, method)


def test_the_same_customer_again_is_the_same_one(processor: Processor) -> None:
    reference = f"cus_{uuid4().hex[:16]}"
    first, again = (processor.gateway.create_customer(reference) for _ in range(2))
    assert first == again
    found = processor.sdk.v1.customers.retrieve(first)
    assert found.metadata is not None
    assert found.metadata["customer"] == reference


def test_a_page_for_adding_a_card_takes_no_money(processor: Processor) -> None:
    customer, _ = on_file(processor)
    asked = setup_wish(customer)
    made = processor.gateway.create_setup(asked)
    assert (made.reference, made.customer, made.status, made.card) == (asked.reference, customer, "open", None)
    assert (made.livemode, processor.gateway.create_setup(asked)) == (False, made)
    assert processor.gateway.retrieve_setup(made.session_id) == made
    raw = processor.sdk.v1.checkout.sessions.retrieve(made.session_id)
    assert (raw.mode, raw.amount_total, raw.payment_status) == ("setup", None, "no_payment_required")


def test_a_page_that_keeps_its_card_says_for_whom(processor: Processor) -> None:
    customer, _ = on_file(processor)
    made = processor.gateway.create_session(wish(customer=customer))
    assert (made.status, made.amount) == ("open", 4000)
    assert processor.sdk.v1.checkout.sessions.retrieve(made.session_id).customer == customer


def test_a_charge_is_made_first_and_takes_nothing(processor: Processor) -> None:
    customer, method = on_file(processor)
    asked = request(customer, method)
    made = processor.gateway.create_charge(asked)
    assert (made.session_id, made.reference, made.amount, made.currency) == (None, asked.reference, 4000, "EUR")
    assert (made.status, made.awaits, made.is_paid, made.is_final, made.received) == ("open", CHARGE, False, False, 0)
    assert processor.gateway.create_charge(asked) == made
    assert processor.gateway.retrieve_charge(made.intent_id or "") == made


def test_a_charge_succeeds_once(processor: Processor) -> None:
    customer, method = on_file(processor, "pm_card_mastercard")
    made = processor.gateway.create_charge(request(customer, method))
    paid = processor.gateway.charge(made.intent_id or "")
    assert (paid.status, paid.is_paid, paid.received, paid.card_brand) == ("complete", True, 4000, "mastercard")
    assert paid.card is not None
    assert (paid.card.method, paid.card.last4, paid.card.exp_month in range(1, 13)) == (method, "4444", True)
    assert paid.card.fingerprint
    for again in (processor.gateway.charge, processor.gateway.cancel_charge):
        with pytest.raises(Refused) as refused:
            again(made.intent_id or "")
        assert refused.value.code == "payment_intent_unexpected_state"
    assert processor.gateway.retrieve_charge(made.intent_id or "") == paid


def test_a_decline_is_a_clear_no_and_final(processor: Processor) -> None:
    customer, method = on_file(processor, "pm_card_chargeCustomerFail")
    made = processor.gateway.create_charge(request(customer, method))
    with pytest.raises(Refused):
        processor.gateway.charge(made.intent_id or "")
    seen = processor.gateway.retrieve_charge(made.intent_id or "")
    assert (seen.status, seen.is_paid, seen.is_final, seen.awaits) == ("declined", False, True, "")
    assert seen.decline


def test_the_bank_asks_for_the_owner_of_the_card(processor: Processor) -> None:
    customer, method = on_file(processor, "pm_card_authenticationRequired")
    made = processor.gateway.create_charge(request(customer, method))
    with pytest.raises(Refused):
        processor.gateway.charge(made.intent_id or "")
    seen = processor.gateway.retrieve_charge(made.intent_id or "")
    assert (seen.status, seen.awaits, seen.decline) == ("open", PERSON, "authentication_required")
    led = processor.gateway.confront(made.intent_id or "", method, BACK)
    assert (led.status, led.awaits, led.is_paid) == ("open", PERSON, False)
    assert led.url is not None
    assert led.url.startswith("http")
    ended = processor.gateway.cancel_charge(made.intent_id or "")
    assert (ended.status, ended.is_final, ended.is_paid, ended.url) == ("expired", True, False, None)


def test_a_charge_that_does_not_exist(processor: Processor) -> None:
    with pytest.raises(Unclear):
        processor.gateway.retrieve_charge("pi_unknown")
    with pytest.raises(Refused):
        processor.gateway.charge("pi_unknown")


def test_a_card_that_was_let_go_of_is_never_charged_again(processor: Processor) -> None:
    customer, method = on_file(processor)
    waiting = processor.gateway.create_charge(request(customer, method))
    processor.gateway.detach_card(method)
    with pytest.raises(Refused):
        processor.gateway.detach_card(method)
    with pytest.raises(Refused):
        processor.gateway.create_charge(request(customer, method))
    with pytest.raises(Refused):
        processor.gateway.charge(waiting.intent_id or "")
    assert processor.sdk.v1.customers.payment_methods.list(customer, {"limit": 10}).data == []


def test_another_customers_card_is_refused(processor: Processor) -> None:
    _, method = on_file(processor)
    other, _ = on_file(processor)
    with pytest.raises(stripe.InvalidRequestError):
        processor.sdk.v1.payment_intents.create(
            {"amount": 4000, "currency": "eur", "customer": other, "payment_method": method}
        )
