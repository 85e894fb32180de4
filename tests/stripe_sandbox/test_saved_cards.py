"""Cards that are kept: saved while paying or on their own, listed, charged while their owner is away, detached."""

from typing import Any

import pytest
import stripe
from stripe import PaymentIntent, SetupIntent

from tests.stripe_sandbox.till import SHOP, Till, soup, text


@pytest.fixture
def customer(till: Till) -> str:
    return till.client.v1.customers.create({"name": "Acme GmbH", "email": "billing@acme.example"}).id


def save(till: Till, customer: str, card: str = "pm_card_visa") -> str:
    """The payment method that a setup session leaves with the customer."""
    session = till.setup(customer)
    response = till.pay(session, card)
    if response.headers["Location"].endswith("/challenge"):
        till.answer(session, "complete")
    setup = till.look(session).setup_intent
    assert isinstance(setup, SetupIntent)
    return str(setup.payment_method)


def charge(till: Till, customer: str, method: str, /, **more: Any) -> PaymentIntent:
    params: Any = {
        "amount": 5000,
        "currency": "eur",
        "customer": customer,
        "payment_method": method,
        "confirm": True,
        "off_session": True,
        "metadata": {"payment": "pay_2"},
        "expand": ["latest_charge"],
        **more,
    }
    return till.client.v1.payment_intents.create(params)


def test_a_customer_keeps_what_it_was_made_with(till: Till, customer: str) -> None:
    seen = till.client.v1.customers.retrieve(customer)
    assert (seen.name, seen.email, seen.livemode) == ("Acme GmbH", "billing@acme.example", False)
    found = till.client.v1.customers.list({"email": "billing@acme.example"})
    assert [one.id for one in found.data] == [customer]


def test_a_setup_session_keeps_a_card_and_charges_nothing(till: Till, customer: str) -> None:
    session = till.setup(customer)
    page = till.get(session)
    assert "Save a card for Acme" in text(page)
    assert [button.get_text() for button in soup(page).find_all("button")] == ["Save card"]
    assert till.pay(session, "pm_card_mastercard").headers["Location"] == f"{SHOP}/cards"
    seen = till.look(session)
    assert (seen.status, seen.payment_status, seen.amount_total) == ("complete", "no_payment_required", None)
    assert isinstance(seen.setup_intent, SetupIntent)
    assert seen.setup_intent.status == "succeeded"
    kept = till.client.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    assert [method.id for method in kept] == [seen.setup_intent.payment_method]
    assert kept[0].card is not None
    assert (kept[0].card.brand, kept[0].card.last4) == ("mastercard", "4444")
    assert till.client.v1.customers.payment_methods.list(customer).data[0].id == kept[0].id
    assert till.client.v1.charges.list().data == []
    assert {event.type for event in till.events()} == {
        "customer.created", "setup_intent.created", "setup_intent.succeeded", "payment_method.attached",
        "checkout.session.completed",
    }  # fmt: skip


def test_a_card_that_is_declined_is_not_kept(till: Till, customer: str) -> None:
    session = till.setup(customer)
    till.pay(session, "pm_card_visa_chargeDeclined")
    assert "The card was not saved" in text(till.get(session))
    assert till.client.v1.payment_methods.list({"customer": customer}).data == []
    till.pay(session)
    assert till.look(session).status == "complete"


def test_three_d_secure_on_saving(till: Till, customer: str) -> None:
    session = till.setup(customer)
    till.pay(session, "pm_card_threeDSecure2Required")
    till.answer(session, "fail")
    assert "3-D Secure was not completed." in text(till.get(session))
    till.pay(session, "pm_card_threeDSecure2Required")
    till.answer(session, "complete")
    assert till.look(session).status == "complete"


def test_paying_can_keep_the_card(till: Till, customer: str) -> None:
    session = till.open(customer=customer, payment_intent_data={"setup_future_usage": "off_session"})
    assert "The card will be kept for later payments to Acme." in text(till.get(session))
    till.pay(session)
    kept = till.client.v1.payment_methods.list({"customer": customer}).data
    assert len(kept) == 1
    assert charge(till, customer, kept[0].id).status == "succeeded"


def test_paying_keeps_nothing_unasked(till: Till, customer: str) -> None:
    session = till.open(customer=customer)
    till.pay(session)
    assert till.client.v1.payment_methods.list({"customer": customer}).data == []
    intent = till.look(session).payment_intent
    assert isinstance(intent, PaymentIntent)
    assert intent.customer == customer
    with pytest.raises(stripe.InvalidRequestError):
        charge(till, customer, str(intent.payment_method))


def test_keeping_a_card_without_a_customer_makes_one(till: Till) -> None:
    session = till.open(customer_email="new@acme.example", payment_intent_data={"setup_future_usage": "off_session"})
    till.pay(session)
    seen = till.look(session)
    assert seen.customer is not None
    assert till.client.v1.customers.retrieve(str(seen.customer)).email == "new@acme.example"
    assert len(till.client.v1.payment_methods.list({"customer": str(seen.customer)}).data) == 1


def test_a_kept_card_is_charged_while_its_owner_is_away(till: Till, customer: str) -> None:
    intent = charge(till, customer, save(till, customer))
    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 5000, customer)
    assert intent.metadata.to_dict() == {"payment": "pay_2"}
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.payment_intent == intent.id
    found = till.client.v1.payment_intents.list({"customer": customer}).data
    assert [one.id for one in found] == [intent.id]


@pytest.mark.parametrize(
    ("token", "code", "decline_code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_threeDSecure2Required", "authentication_required", "authentication_required"),
    ],
)
def test_a_kept_card_can_fail_later(till: Till, customer: str, token: str, code: str, decline_code: str) -> None:
    method = save_any(till, customer, token)
    with pytest.raises(stripe.CardError) as declined:
        charge(till, customer, method)
    assert declined.value.http_status == 402
    assert declined.value.code == code
    error = declined.value.error
    assert error is not None
    assert error.type == "card_error"
    assert error.decline_code == decline_code
    assert error.payment_intent is not None
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_method is not None
    assert error.payment_method.id == method
    kept = till.client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert kept.last_payment_error is not None
    assert kept.last_payment_error.code == code
    assert till.events("payment_intent.succeeded") == []
    assert len(till.events("payment_intent.payment_failed")) == 1


def save_any(till: Till, customer: str, token: str) -> str:
    """Like `save`, over the API, for cards that the page offers only for saving."""
    return till.client.v1.payment_methods.attach(token, {"customer": customer}).id


def test_a_card_that_was_saved_with_three_d_secure_is_then_charged_without(till: Till, customer: str) -> None:
    assert charge(till, customer, save(till, customer, "pm_card_authenticationRequiredOnSetup")).status == "succeeded"
    unprepared = save_any(till, customer, "pm_card_authenticationRequiredOnSetup")
    with pytest.raises(stripe.CardError) as declined:
        charge(till, customer, unprepared)
    assert declined.value.code == "authentication_required"


def test_a_card_is_charged_for_its_own_customer_only(till: Till, customer: str) -> None:
    other = till.client.v1.customers.create({"name": "Other"}).id
    method = save(till, customer)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(till, other, method)
    assert refused.value.param == "payment_method"
    with pytest.raises(stripe.InvalidRequestError):
        till.client.v1.payment_methods.attach(method, {"customer": other})
    assert till.client.v1.charges.list().data == []


def test_a_detached_card_is_of_no_more_use(till: Till, customer: str) -> None:
    method = save(till, customer)
    assert till.client.v1.payment_methods.detach(method).customer is None
    assert till.client.v1.payment_methods.list({"customer": customer}).data == []
    for refused in (
        lambda: charge(till, customer, method),
        lambda: till.client.v1.payment_methods.attach(method, {"customer": customer}),
        lambda: till.client.v1.payment_methods.detach(method),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            refused()
    assert len(till.events("payment_method.detached")) == 1


def test_attaching_a_card_that_is_declined_answers_402(till: Till, customer: str) -> None:
    with pytest.raises(stripe.CardError) as declined:
        save_any(till, customer, "pm_card_visa_chargeDeclined")
    assert declined.value.code == "card_declined"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"amount": 49}, "amount"), ({"amount": 100_000_000}, "amount"), ({"currency": "nope"}, "currency"),
        ({"payment_method": "pm_unknown"}, "payment_method"), ({"customer": "cus_unknown"}, "customer"),
        ({"confirm": False}, "off_session"), ({"off_session": False}, "confirm"),
        ({"capture_method": "manual"}, "capture_method"),
        ({"statement_descriptor_suffix": "x" * 23}, "statement_descriptor_suffix"),
    ],
)  # fmt: skip
def test_charges_that_are_refused(till: Till, customer: str, change: dict[str, Any], param: str) -> None:
    method = save(till, customer)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(till, customer, method, **change)
    assert refused.value.param == param
    assert till.client.v1.payment_intents.list().data == []


def test_cards_for_saving_are_offered_where_a_card_is_kept(till: Till, customer: str) -> None:
    def offered(session: stripe.checkout.Session) -> set[str]:
        chosen = {str(option["value"]) for option in soup(till.get(session)).select("select[name=card] option")}
        return chosen & {"pm_card_authenticationRequiredOnSetup", "pm_card_chargeCustomerFail"}

    keeping = {"setup_future_usage": "off_session"}
    assert offered(till.open(customer=customer)) == set()
    assert offered(till.open(customer=customer, payment_intent_data=keeping)) == {
        "pm_card_authenticationRequiredOnSetup"
    }
    assert len(offered(till.setup(customer))) == 2
    method = save(till, customer, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        charge(till, customer, method)
