"""Payment intents over the API: a saved card is charged while its owner is away; charges are read."""

from collections.abc import Mapping

from stripe.params import (
    ChargeListParams,
    ChargeRetrieveParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
)

from stripe_sandbox.amounts import check_charge, checked_currency
from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.charging import confirm, new_intent
from stripe_sandbox.customers import given_method
from stripe_sandbox.errors import Json, invalid, not_possible
from stripe_sandbox.store import Unit

STATEMENT_SUFFIX_LENGTH = 22
MODELLED = frozenset(
    {
        "allowed_payment_method_types", "amount", "automatic_payment_methods.allow_redirects",
        "automatic_payment_methods.enabled", "confirm", "currency", "customer", "description",
        "error_on_requires_action", "expand", "metadata", "off_session", "payment_method", "receipt_email",
        "statement_descriptor_suffix",
    }
)  # fmt: skip
KEPT_ON_THE_INTENT = ("description", "metadata", "receipt_email", "statement_descriptor_suffix")


def _create(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    if not params.get("confirm") or not params.get("off_session"):
        raise invalid("The sandbox models intents that are confirmed at once: pass confirm and off_session.", "confirm")
    if params.get("allowed_payment_method_types", ["card"]) != ["card"]:
        raise invalid("The sandbox models cards only.", "allowed_payment_method_types")
    if "payment_method" not in params:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_method",
            "payment_intent_unexpected_state",
        )
    currency = checked_currency(params["currency"], "currency")
    check_charge(params["amount"], currency, "amount")
    if len(params.get("statement_descriptor_suffix", "")) > STATEMENT_SUFFIX_LENGTH:
        raise invalid(f"At most {STATEMENT_SUFFIX_LENGTH} characters.", "statement_descriptor_suffix")
    customer = unit.get(params["customer"], "customer", "customer", status=400)["id"] if "customer" in params else None
    method = given_method(unit, params["payment_method"], "payment_method")
    if method["customer"] is not None and method["customer"] != customer:
        raise not_possible(
            "The PaymentMethod belongs to a Customer; please include that Customer in the `customer` parameter.",
            "payment_method",
        )
    if method["customer"] is None and unit.private(method["id"]).get("used"):
        raise not_possible(
            "The provided PaymentMethod was previously used or detached and may not be used again.", "payment_method"
        )
    details = {name: params[name] for name in KEPT_ON_THE_INTENT if name in params}
    intent = confirm(
        unit, new_intent(unit, params["amount"], currency, customer=customer, **details), method, off_session=True
    )
    if intent["status"] == "succeeded":
        return 200, intent
    return 402, {"error": intent["last_payment_error"] | {"payment_intent": intent}}


CALLS = (
    Call(
        "payment_intents.create", "POST", "/payment_intents", PaymentIntentCreateParams, MODELLED, _create,
    ),
    retrieving("payment_intents.retrieve", "payment_intent", "/payment_intents", PaymentIntentRetrieveParams),
    listing("payment_intents.list", "payment_intent", "/payment_intents", PaymentIntentListParams, "customer"),
    retrieving("charges.retrieve", "charge", "/charges", ChargeRetrieveParams),
    listing("charges.list", "charge", "/charges", ChargeListParams, "customer", "payment_intent"),
)  # fmt: skip
