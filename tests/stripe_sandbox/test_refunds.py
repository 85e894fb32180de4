"""Refunds: partial, full, never more than was paid."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from stripe import Charge, PaymentIntent

from tests.stripe_sandbox.till import Till


@pytest.fixture
def paid(till: Till) -> PaymentIntent:
    session = till.open(11900)
    till.pay(session)
    intent = till.look(session).payment_intent
    assert isinstance(intent, PaymentIntent)
    return intent


def charge_of(till: Till, intent: PaymentIntent) -> Charge:
    assert isinstance(intent.latest_charge, Charge)
    return till.client.v1.charges.retrieve(intent.latest_charge.id)


def test_a_full_refund(till: Till, paid: PaymentIntent) -> None:
    refund = till.client.v1.refunds.create(
        {"payment_intent": paid.id, "reason": "requested_by_customer", "metadata": {"refund": "rf_1"}}
    )
    assert (refund.amount, refund.currency, refund.status) == (11900, "eur", "succeeded")
    assert refund.payment_intent == paid.id
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {"refund": "rf_1"}
    assert charge_of(till, paid).refunded
    assert till.client.v1.refunds.retrieve(refund.id).id == refund.id
    assert len(till.events("refund.created")) == len(till.events("charge.refunded")) == 1


def test_partial_refunds_up_to_the_cap(till: Till, paid: PaymentIntent) -> None:
    first = till.client.v1.refunds.create({"payment_intent": paid.id, "amount": 1900})
    assert not charge_of(till, paid).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.refunds.create({"payment_intent": paid.id, "amount": 10001})
    assert refused.value.param == "amount"
    second = till.client.v1.refunds.create({"charge": charge_of(till, paid).id})
    assert second.amount == 10000
    assert charge_of(till, paid).amount_refunded == 11900
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_already_refunded"
    found = till.client.v1.refunds.list({"payment_intent": paid.id}).data
    assert [refund.id for refund in found] == [second.id, first.id]


def test_refunds_at_once_stay_below_the_cap(till: Till, paid: PaymentIntent) -> None:
    def attempt(_: int) -> int:
        try:
            return till.client.v1.refunds.create({"payment_intent": paid.id, "amount": 5000}).amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 10000
    assert charge_of(till, paid).amount_refunded == 10000


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_is_of_something(till: Till, paid: PaymentIntent, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.refunds.create({"payment_intent": paid.id, "amount": amount})


def test_what_was_not_paid_cannot_be_refunded(till: Till) -> None:
    session = till.open()
    till.pay(session, "pm_card_visa_chargeDeclined")
    intent = till.look(session).payment_intent
    assert isinstance(intent, PaymentIntent)
    assert isinstance(intent.latest_charge, Charge)
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.refunds.create({"charge": intent.latest_charge.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.refunds.create({"payment_intent": "pi_unknown"})
    assert refused.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.refunds.create({})
