"""What a person does on the hosted page: pay or save with a test card, and answer 3-D Secure.

Each is one transaction that looks at the session again, so a form that is sent twice, or after its time, changes
nothing a second time: `status` of the session that comes back says where the person belongs now.
"""

from stripe_sandbox.cards import Card, new_payment_method
from stripe_sandbox.charging import AUTHENTICATION_FAILED, confirm, fail, new_intent, settle
from stripe_sandbox.customers import attach, new_customer
from stripe_sandbox.errors import Json
from stripe_sandbox.events import emit
from stripe_sandbox.sessions import expire
from stripe_sandbox.setups import AUTHENTICATION_FAILED as SETUP_AUTHENTICATION_FAILED
from stripe_sandbox.setups import confirm_setup, fail_setup, new_setup, settle_setup
from stripe_sandbox.store import Unit

SESSION = "checkout.session"


def pay(unit: Unit, identifier: str, card: Card, challenge_url: str) -> Json:
    """Tries a card. The session is complete afterwards, or open with a notice or with a challenge to answer."""
    session = _current(unit, identifier)
    if session["status"] != "open":
        return session
    intent = _intent(unit, session)
    method = new_payment_method(unit, card)
    if session["mode"] == "payment":
        intent = confirm(unit, intent, method, challenge_url=challenge_url)
    else:
        intent = confirm_setup(unit, intent, method, challenge_url)
    return _follow(unit, session, intent)


def answer_challenge(unit: Unit, identifier: str, *, authenticated: bool) -> Json:
    """The person's answer to 3-D Secure; nothing where no challenge waits."""
    session = _current(unit, identifier)
    if not has_challenge(unit, session):
        return session
    intent = _intent(unit, session)
    method = unit.get(intent["payment_method"], "payment_method")
    if session["mode"] == "payment":
        if authenticated:
            intent = settle(unit, intent, method, authenticated=True)
        else:
            intent = fail(unit, intent, method, AUTHENTICATION_FAILED)
    elif authenticated:
        intent = settle_setup(unit, intent, method, authenticated=True)
    else:
        intent = fail_setup(unit, intent, method, SETUP_AUTHENTICATION_FAILED)
    return _follow(unit, session, intent)


def has_challenge(unit: Unit, session: Json) -> bool:
    identifier = session["payment_intent"] or session["setup_intent"]
    if session["status"] != "open" or identifier is None:
        return False
    intent = unit.find(identifier)
    return intent is not None and intent["status"] == "requires_action"


def keeps_card(session: Json, private: Json) -> bool:
    """Whether a card that is used on this session is kept for later."""
    return session["mode"] == "setup" or "setup_future_usage" in private["intent"]


def _current(unit: Unit, identifier: str) -> Json:
    session = unit.get(identifier, SESSION)
    if session["status"] == "open" and session["expires_at"] <= unit.now:
        return expire(unit, session)
    return session


def _intent(unit: Unit, session: Json) -> Json:
    """The session's intent; it comes into being with the first attempt, as at Stripe."""
    name = "payment_intent" if session["mode"] == "payment" else "setup_intent"
    if session[name] is not None:
        return unit.get(session[name], name)
    details = {"customer": session["customer"], **unit.private(session["id"])["intent"]}
    if session["mode"] == "payment":
        intent = new_intent(unit, session["amount_total"], session["currency"], **details)
    else:
        intent = new_setup(unit, **details)
    session[name] = intent["id"]
    unit.save(session)
    return intent


def _follow(unit: Unit, session: Json, intent: Json) -> Json:
    """Brings the session into line with what became of its intent."""
    private = unit.private(session["id"])
    error = intent.get("last_payment_error") or intent.get("last_setup_error")
    private["notice"] = None if error is None else error.get("decline_code", error["code"])
    unit.save_private(session["id"], private)
    if intent["status"] == "succeeded":
        _complete(unit, session, intent, private)
    return session


def _complete(unit: Unit, session: Json, intent: Json, private: Json) -> None:
    saving = keeps_card(session, private)
    if session["customer"] is None and (saving or session["customer_creation"] == "always"):
        email = {"email": session["customer_email"]} if session["customer_email"] else {}
        session["customer"] = new_customer(unit, email)["id"]
        intent["customer"] = session["customer"]
        unit.save(intent)
    if saving:
        attach(unit, unit.get(intent["payment_method"], "payment_method"), session["customer"])
    customer = unit.find(session["customer"]) if session["customer"] else None
    session.update(status="complete", url=None)
    if session["mode"] == "payment":
        session["payment_status"] = "paid"
    session["customer_details"] = {
        "address": None,
        "email": session["customer_email"] if customer is None else customer["email"],
        "name": None if customer is None else customer["name"],
        "phone": None if customer is None else customer["phone"],
        "tax_exempt": "none",
        "tax_ids": [],
    }
    unit.save(session)
    emit(unit, "checkout.session.completed", session)
