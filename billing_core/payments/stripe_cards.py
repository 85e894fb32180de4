"""What is asked of Stripe about cards that are kept, and what its answers mean: customers, setups, charges on file."""

import stripe
from stripe.checkout import Session
from stripe.params import CustomerCreateParams, PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from billing_core.payments.gateway import (
    CHARGE,
    PERSON,
    CardSeen,
    ChargeRequest,
    SessionState,
    SetupRequest,
    SetupState,
)
from billing_core.payments.stripe_units import (
    blocked_brands,
    card_of,
    card_seen,
    decline_of,
    from_processor,
    id_of,
    said,
    to_processor,
)

EXPAND_SETUP = ["setup_intent.payment_method"]
EXPAND_CHARGE = ["latest_charge"]
NEEDS_ITS_OWNER = "authentication_required"
"""The code of a decline after which the same charge can still succeed, once its owner has confirmed it."""
STATUSES = {
    "succeeded": "complete", "canceled": "expired", "requires_action": "open", "requires_confirmation": "open",
    "requires_payment_method": "declined",
}  # fmt: skip
"""What the states of an intent mean; in every other one its outcome is on its way."""


def customer_parameters(reference: str) -> CustomerCreateParams:
    """Nothing that could change: the same request may be sent again much later."""
    return {"metadata": {"customer": reference}}


def setup_parameters(request: SetupRequest) -> SessionCreateParams:
    """A hosted page that keeps a card and takes nothing."""
    metadata = {"setup": request.reference}
    return {
        "mode": "setup",
        "client_reference_id": request.reference,
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
        "customer": request.customer,
        "allowed_payment_method_types": ["card"],
        "payment_method_options": {"card": {"restrictions": {"brands_blocked": blocked_brands(request.brands)}}},
        "locale": "de" if request.locale == "de" else "en",
        "expires_at": int(request.expires_at.timestamp()),
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expand": EXPAND_SETUP,
    }


def setup_state(session: Session) -> SetupState:
    """The page as it is now."""
    return SetupState(
        session_id=session.id,
        reference=session.client_reference_id or "",
        customer=id_of(session.customer),
        status=session.status or "",
        livemode=session.livemode,
        url=session.url,
        card=_kept_card(session.setup_intent) if session.status == "complete" else None,
    )


def _kept_card(setup: object) -> CardSeen | None:
    method = setup.payment_method if isinstance(setup, stripe.SetupIntent) else None
    if not isinstance(method, stripe.PaymentMethod) or method.card is None:
        return None
    return card_seen(method.id, method.card)


def charge_parameters(request: ChargeRequest) -> PaymentIntentCreateParams:
    """An intent that names the card and is not confirmed: it takes nothing yet."""
    return {
        "amount": to_processor(request.amount, request.currency),
        "currency": request.currency.lower(),
        "customer": request.customer,
        "payment_method": request.method,
        "allowed_payment_method_types": ["card"],
        "description": request.title,
        "metadata": {"payment": request.reference},
        "expand": EXPAND_CHARGE,
    }


def charge_state(intent: stripe.PaymentIntent) -> SessionState:
    """The intent as it is now, in the terms in which a session is told too."""
    currency, decline = intent.currency.upper(), decline_of(intent)
    needs_owner = intent.status == "requires_payment_method" and decline == NEEDS_ITS_OWNER
    status = "open" if needs_owner else STATUSES.get(intent.status, intent.status)
    awaits = PERSON if needs_owner or intent.status == "requires_action" else ""
    card = card_of(intent)
    return SessionState(
        session_id=None,
        reference=said(intent.metadata, "payment"),
        status=status,
        is_paid=intent.status == "succeeded",
        is_final=status in ("complete", "expired", "declined"),
        amount=from_processor(intent.amount, currency),
        received=from_processor(intent.amount_received, currency),
        currency=currency,
        livemode=intent.livemode,
        url=_url_of(intent),
        expires_at=None,
        intent_id=intent.id,
        card_brand=card.brand if card is not None else "",
        card_last4=card.last4 if card is not None else "",
        decline=decline,
        awaits=CHARGE if intent.status == "requires_confirmation" else awaits,
        card=card,
    )


def _url_of(intent: stripe.PaymentIntent) -> str | None:
    """Where the bank waits for the card's owner."""
    action = intent.next_action
    redirect = action.redirect_to_url if action is not None and action.type == "redirect_to_url" else None
    return redirect.url if redirect is not None else None
