"""Setup intents: a card is checked and kept for later, and nothing is charged."""

from stripe.params import SetupIntentListParams, SetupIntentRetrieveParams

from stripe_sandbox.calls import listing, retrieving
from stripe_sandbox.cards import Authentication, Decline, card_of
from stripe_sandbox.charging import card_error
from stripe_sandbox.errors import Json
from stripe_sandbox.events import emit
from stripe_sandbox.store import Unit, new_id

AUTHENTICATION_FAILED = Decline(
    "setup_intent_authentication_failure",
    "authentication_failed",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


def new_setup(unit: Unit, **details: object) -> Json:
    identifier = new_id("seti")
    setup = unit.add(
        {
            "id": identifier,
            "object": "setup_intent",
            "application": None,
            "automatic_payment_methods": None,
            "cancellation_reason": None,
            "client_secret": new_id(f"{identifier}_secret"),
            "created": unit.now,
            "customer": None,
            "description": None,
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": "off_session",
            **details,
        }
    )
    emit(unit, "setup_intent.created", setup)
    return setup


def confirm_setup(unit: Unit, setup: Json, method: Json, challenge_url: str) -> Json:
    if card_of(unit, method).authentication is Authentication.NEVER:
        return settle_setup(unit, setup, method)
    setup["status"] = "requires_action"
    setup["payment_method"] = method["id"]
    setup["last_setup_error"] = None
    setup["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": challenge_url, "return_url": None}}
    unit.save(setup)
    emit(unit, "setup_intent.requires_action", setup)
    return setup


def settle_setup(unit: Unit, setup: Json, method: Json, *, authenticated: bool = False) -> Json:
    card = card_of(unit, method)
    if card.decline is not None and card.declines_when_saved:
        return fail_setup(unit, setup, method, card.decline)
    unit.save_private(method["id"], {**unit.private(method["id"]), "used": True, "authenticated": authenticated})
    setup.update(status="succeeded", payment_method=method["id"], next_action=None, last_setup_error=None)
    unit.save(setup)
    emit(unit, "setup_intent.succeeded", setup)
    return setup


def fail_setup(unit: Unit, setup: Json, method: Json, decline: Decline) -> Json:
    setup.update(status="requires_payment_method", payment_method=None, next_action=None)
    setup["last_setup_error"] = card_error(decline) | {"payment_method": method}
    unit.save(setup)
    emit(unit, "setup_intent.setup_failed", setup)
    return setup


def cancel_setup(unit: Unit, setup: Json) -> None:
    if setup["status"] in ("succeeded", "canceled"):
        return
    setup.update(status="canceled", cancellation_reason="abandoned", next_action=None)
    unit.save(setup)
    emit(unit, "setup_intent.canceled", setup)


CALLS = (
    retrieving("setup_intents.retrieve", "setup_intent", "/setup_intents", SetupIntentRetrieveParams),
    listing("setup_intents.list", "setup_intent", "/setup_intents", SetupIntentListParams, "customer"),
)
