"""Payment intents over the API: a saved card is charged, at once or in steps, with its owner there or away; charges are
read. The page on which the owner answers 3-D Secure is in `pages`."""

import secrets
from collections.abc import Mapping
from functools import partial

from stripe.params import (
    ChargeListParams,
    ChargeRetrieveParams,
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
)

from stripe_sandbox.amounts import check_charge, checked_currency
from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.charging import AUTHENTICATION_FAILED, cancel, confirm, fail, new_intent, settle
from stripe_sandbox.customers import given_method
from stripe_sandbox.errors import Json, Refusal, invalid, not_possible
from stripe_sandbox.sessions import checked_url, mount
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
CONFIRM_MODELLED = frozenset({"expand", "off_session", "payment_method", "return_url"})
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
KEPT_ON_THE_INTENT = ("description", "metadata", "receipt_email", "statement_descriptor_suffix")


def _create(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    if params.get("off_session") and not params.get("confirm"):
        raise invalid("You can only pass off_session together with confirm.", "off_session")
    if params.get("confirm") and not params.get("off_session"):
        raise invalid("The sandbox models intents that are created and confirmed at once off session only.", "confirm")
    if params.get("allowed_payment_method_types", ["card"]) != ["card"]:
        raise invalid("The sandbox models cards only.", "allowed_payment_method_types")
    if "payment_method" not in params:
        raise _without_method()
    currency = checked_currency(params["currency"], "currency")
    check_charge(params["amount"], currency, "amount")
    if len(params.get("statement_descriptor_suffix", "")) > STATEMENT_SUFFIX_LENGTH:
        raise invalid(f"At most {STATEMENT_SUFFIX_LENGTH} characters.", "statement_descriptor_suffix")
    customer = unit.get(params["customer"], "customer", "customer", status=400)["id"] if "customer" in params else None
    method = _method(unit, params["payment_method"], customer)
    details = {name: params[name] for name in KEPT_ON_THE_INTENT if name in params}
    intent = new_intent(unit, params["amount"], currency, customer=customer, **details)
    if params.get("confirm"):
        return _answer(confirm(unit, intent, method, off_session=True))
    intent.update(status="requires_confirmation", payment_method=method["id"])
    return 200, unit.save(intent)


def _without_method() -> Refusal:
    return invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method.",
        "payment_method",
        "payment_intent_unexpected_state",
    )


def _method(unit: Unit, named: str, customer: str | None) -> Json:
    """The payment method that is to be charged for the customer."""
    method = given_method(unit, named, "payment_method")
    if method["customer"] is not None and method["customer"] != customer:
        raise not_possible(
            "The PaymentMethod belongs to a Customer; please include that Customer in the `customer` parameter.",
            "payment_method",
        )
    if method["customer"] is None and unit.private(method["id"]).get("used"):
        raise not_possible(
            "The provided PaymentMethod was previously used or detached and may not be used again.", "payment_method"
        )
    return method


def _answer(intent: Json) -> Answer:
    """What a confirmation answers: the intent, or the bank's no."""
    if intent["status"] != "requires_payment_method":
        return 200, intent
    return 402, {"error": intent["last_payment_error"] | {"payment_intent": intent}}


def _unexpected(intent: Json, deed: str) -> Refusal:
    return not_possible(
        f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )


def _confirm(base_path: str, unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    intent = unit.get(args["id"], "payment_intent")
    if intent["status"] not in CONFIRMABLE or is_of_session(unit, intent):
        raise _unexpected(intent, "confirm")
    named = params.get("payment_method", intent["payment_method"])
    if named is None:
        raise _without_method()
    method = _method(unit, named, intent["customer"])
    if params.get("off_session"):
        if "return_url" in params:
            raise invalid("You can not pass `return_url` when nobody is there to come back.", "return_url")
        return _answer(confirm(unit, intent, method, off_session=True))
    back = checked_url(params, "return_url")
    if back is None:
        raise invalid("The sandbox confirms on session with a return_url only.", "return_url", "parameter_missing")
    private = unit.private(intent["id"])
    unit.save_private(intent["id"], private | {"page_token": secrets.token_urlsafe(24), "return_url": back})
    url = f"{mount(base_path, back)}/authenticate/{intent['id']}"
    return _answer(confirm(unit, intent, method, challenge_url=url, return_url=back))


def _cancel(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    intent = unit.get(args["id"], "payment_intent")
    if intent["status"] in ("succeeded", "canceled") or is_of_session(unit, intent):
        raise _unexpected(intent, "cancel")
    cancel(unit, intent, params.get("cancellation_reason", "requested_by_customer"))
    return 200, unit.get(args["id"], "payment_intent")


def is_of_session(unit: Unit, intent: Json) -> bool:
    """Such an intent is led by its Checkout Session alone."""
    of = [("kind = ?", "checkout.session"), ("payment_intent = ?", intent["id"])]
    return bool(unit.bodies(of, newest_first=True, limit=1))


def authenticate(unit: Unit, identifier: str, *, authenticated: bool) -> None:
    """The owner's answer to 3-D Secure; nothing where no question waits any more."""
    intent = unit.get(identifier, "payment_intent")
    if intent["status"] != "requires_action":
        return
    method = unit.get(intent["payment_method"], "payment_method")
    if authenticated:
        settle(unit, intent, method, authenticated=True)
    else:
        fail(unit, intent, method, AUTHENTICATION_FAILED)


def calls(base_path: str) -> tuple[Call, ...]:
    path, name = "/payment_intents", "payment_intents"
    return (
        Call(f"{name}.create", "POST", path, PaymentIntentCreateParams, MODELLED, _create),
        Call(
            f"{name}.confirm", "POST", f"{path}/<id>/confirm", PaymentIntentConfirmParams, CONFIRM_MODELLED,
            partial(_confirm, base_path),
        ),
        Call(
            f"{name}.cancel", "POST", f"{path}/<id>/cancel", PaymentIntentCancelParams,
            frozenset({"cancellation_reason", "expand"}), _cancel,
        ),
        retrieving(f"{name}.retrieve", "payment_intent", path, PaymentIntentRetrieveParams),
        listing(f"{name}.list", "payment_intent", path, PaymentIntentListParams, "customer"),
        retrieving("charges.retrieve", "charge", "/charges", ChargeRetrieveParams),
        listing("charges.list", "charge", "/charges", ChargeListParams, "customer", "payment_intent"),
    )  # fmt: skip
