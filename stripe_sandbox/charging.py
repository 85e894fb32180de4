"""Charging a card: what the issuer says to a payment intent and what stays of it (charge, error, events)."""

from stripe_sandbox.cards import AUTHENTICATION_REQUIRED, GENERIC, Aftermath, Authentication, Decline, card_of
from stripe_sandbox.disputes import open_dispute
from stripe_sandbox.errors import Json
from stripe_sandbox.events import emit
from stripe_sandbox.store import Unit, new_id

AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    "authentication_failed",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
SHOWN_ON_A_CHARGE = (
    "brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status",
)  # fmt: skip


def new_intent(unit: Unit, amount: int, currency: str, **details: object) -> Json:
    identifier = new_id("pi")
    intent = unit.add(
        {
            "id": identifier,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": new_id(f"{identifier}_secret"),
            "confirmation_method": "automatic",
            "created": unit.now,
            "currency": currency,
            "customer": None,
            "description": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            **details,
        }
    )
    emit(unit, "payment_intent.created", intent)
    return intent


def confirm(
    unit: Unit,
    intent: Json,
    method: Json,
    *,
    off_session: bool = False,
    challenge_url: str | None = None,
    return_url: str | None = None,
) -> Json:
    """Asks the issuer. Afterwards the intent has succeeded, waits for authentication, or wants another payment method.

    Off session nobody can authenticate, so a card that asks for it is declined with `authentication_required`.
    """
    card = card_of(unit, method)
    saved_with_authentication = unit.private(method["id"]).get("authenticated", False)
    asks = card.authentication is Authentication.ALWAYS or (
        card.authentication is Authentication.UNTIL_SAVED and not saved_with_authentication
    )
    if asks and off_session:
        return fail(unit, intent, method, AUTHENTICATION_REQUIRED)
    if asks:
        intent["status"] = "requires_action"
        intent["payment_method"] = method["id"]
        intent["last_payment_error"] = None
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": challenge_url, "return_url": return_url},
        }
        unit.save(intent)
        emit(unit, "payment_intent.requires_action", intent)
        return intent
    return settle(unit, intent, method)


def settle(unit: Unit, intent: Json, method: Json, *, authenticated: bool = False) -> Json:
    """The issuer's answer once authentication is done or not asked for."""
    decline = card_of(unit, method).decline
    if decline is not None:
        return fail(unit, intent, method, decline)
    private = unit.private(method["id"])
    private["authenticated"] = authenticated or private.get("authenticated", False)
    unit.save_private(method["id"], private | {"used": True})
    charge = _charge(unit, intent, method, None, authenticated=authenticated)
    intent["status"] = "succeeded"
    intent["amount_received"] = intent["amount"]
    intent["payment_method"] = method["id"]
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    unit.save(intent)
    emit(unit, "charge.succeeded", charge)
    emit(unit, "payment_intent.succeeded", intent)
    aftermath = card_of(unit, method).aftermath
    if aftermath in (Aftermath.IS_DISPUTED, Aftermath.IS_ASKED_ABOUT):
        open_dispute(unit, charge, inquiry=aftermath is Aftermath.IS_ASKED_ABOUT)
    return intent


def fail(unit: Unit, intent: Json, method: Json, decline: Decline) -> Json:
    """The payment did not go through; the intent wants another payment method and may be tried again."""
    error = card_error(decline) | {"payment_method": method}
    # Nothing reaches the issuer where the person did not authenticate, so there is no charge then.
    charge = None if decline is AUTHENTICATION_FAILED else _charge(unit, intent, method, decline, authenticated=False)
    if charge is not None:
        error["charge"] = charge["id"]
        intent["latest_charge"] = charge["id"]
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = error
    unit.save(intent)
    if charge is not None:
        emit(unit, "charge.failed", charge)
    emit(unit, "payment_intent.payment_failed", intent)
    return intent


def cancel(unit: Unit, intent: Json, reason: str) -> None:
    if intent["status"] in ("succeeded", "canceled"):
        return
    intent.update(status="canceled", canceled_at=unit.now, cancellation_reason=reason, next_action=None)
    unit.save(intent)
    emit(unit, "payment_intent.canceled", intent)


def card_error(decline: Decline) -> Json:
    """The error object of a decline; only an issuer's own decline carries a decline code."""
    error: Json = {
        "type": "card_error",
        "code": decline.code,
        "doc_url": f"https://docs.stripe.com/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
    }
    if decline.code in (GENERIC.code, AUTHENTICATION_REQUIRED.code):
        error["decline_code"] = decline.decline_code
    return error


def _charge(unit: Unit, intent: Json, method: Json, decline: Decline | None, *, authenticated: bool) -> Json:
    card = method["card"]
    paid = decline is None
    return unit.add(
        {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if paid else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": None,
            "captured": paid,
            "created": unit.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None if decline is None else decline.code,
            "failure_message": None if decline is None else decline.message,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent["metadata"],
            "on_behalf_of": None,
            "outcome": {
                "network_status": "approved_by_network" if paid else "declined_by_network",
                "reason": None if decline is None else decline.decline_code,
                "risk_level": "normal",
                "seller_message": "Payment complete." if paid else "The bank did not return any further details.",
                "type": "authorized" if paid else "issuer_declined",
            },
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {
                "card": {name: card[name] for name in SHOWN_ON_A_CHARGE}
                | {
                    "amount_authorized": intent["amount"] if paid else None,
                    "network": card["brand"],
                    "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if authenticated else None,
                    "wallet": None,
                },
                "type": "card",
            },
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if paid else "failed",
            "transfer_data": None,
            "transfer_group": None,
        }
    )
