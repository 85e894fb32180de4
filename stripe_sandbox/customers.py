"""Customers and the cards that are kept for them."""

from collections.abc import Mapping

from stripe.params import (
    CustomerCreateParams,
    CustomerListParams,
    CustomerListPaymentMethodsParams,
    CustomerRetrieveParams,
    PaymentMethodAttachParams,
    PaymentMethodDetachParams,
    PaymentMethodListParams,
    PaymentMethodRetrieveParams,
)

from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.cards import BY_TOKEN, card_of, new_payment_method
from stripe_sandbox.charging import card_error
from stripe_sandbox.errors import Json, invalid, not_possible
from stripe_sandbox.events import emit
from stripe_sandbox.store import Unit, new_id

TAKEN_FROM_THE_CALLER = ("address", "description", "email", "metadata", "name", "phone", "preferred_locales")


def new_customer(unit: Unit, details: Json) -> Json:
    customer: Json = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": unit.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": None,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    unit.add(customer | {name: details[name] for name in TAKEN_FROM_THE_CALLER if name in details})
    customer = unit.get(customer["id"], "customer")
    emit(unit, "customer.created", customer)
    return customer


def attach(unit: Unit, method: Json, customer: str) -> Json:
    """Keeps the card for the customer; harmless where it is kept already."""
    if method["customer"] == customer:
        return method
    method["customer"] = customer
    unit.save(method)
    emit(unit, "payment_method.attached", method)
    return method


def given_method(unit: Unit, identifier: str, param: str) -> Json:
    """The payment method that a caller names; one of Stripe's test tokens makes a new one, as it does at Stripe."""
    if identifier in BY_TOKEN:
        return new_payment_method(unit, BY_TOKEN[identifier])
    return unit.get(identifier, "payment_method", param, status=404 if param == "id" else 400)


def _create(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    return 200, new_customer(unit, params)


def _attach(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = unit.get(params["customer"], "customer", "customer", status=400)
    method = given_method(unit, args["id"], "id")
    if method["customer"] not in (None, customer["id"]):
        raise not_possible("The payment method you provided has already been attached to a customer.", "id")
    if unit.private(method["id"]).get("used") and method["customer"] is None:
        raise not_possible(
            "The provided PaymentMethod was previously used or detached and may not be used again.", "id"
        )
    card = card_of(unit, method)
    if card.decline is not None and card.declines_when_saved:
        return 402, {"error": card_error(card.decline)}
    return 200, attach(unit, method, customer["id"])


def _detach(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    method = unit.get(args["id"], "payment_method")
    if method["customer"] is None:
        raise not_possible(
            "The payment method you provided is not attached to a customer so detachment is impossible.", "id"
        )
    unit.save_private(method["id"], {**unit.private(method["id"]), "used": True})
    method["customer"] = None
    unit.save(method)
    emit(unit, "payment_method.detached", method)
    return 200, method


CALLS = (
    Call(
        "customers.create", "POST", "/customers", CustomerCreateParams,
        frozenset({*TAKEN_FROM_THE_CALLER, "expand"}), _create,
    ),
    retrieving("customers.retrieve", "customer", "/customers", CustomerRetrieveParams),
    listing("customers.list", "customer", "/customers", CustomerListParams, "email"),
    listing(
        "customers.payment_methods.list", "payment_method", "/customers/<customer>/payment_methods",
        CustomerListPaymentMethodsParams, "type",
    ),
    retrieving("payment_methods.retrieve", "payment_method", "/payment_methods", PaymentMethodRetrieveParams),
    listing(
        "payment_methods.list", "payment_method", "/payment_methods", PaymentMethodListParams, "customer", "type",
    ),
    Call(
        "payment_methods.attach", "POST", "/payment_methods/<id>/attach", PaymentMethodAttachParams,
        frozenset({"customer", "expand"}), _attach,
    ),
    Call(
        "payment_methods.detach", "POST", "/payment_methods/<id>/detach", PaymentMethodDetachParams,
        frozenset({"expand"}), _detach,
    ),
)  # fmt: skip
