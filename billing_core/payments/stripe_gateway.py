"""Stripe through its official SDK: Checkout Sessions by redirect, charges of saved cards; refunds and disputes.

The same code talks to Stripe and to a program that speaks its wire; the HTTP client that it is given decides.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe
from stripe.checkout import Session
from stripe.params import (
    DisputeListParams,
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import SessionCreateParams, SessionRetrieveParams

from billing_core import db
from billing_core.payments import stripe_cards
from billing_core.payments.gateway import (
    ChargeRequest,
    DisputeState,
    Event,
    Forged,
    RefundRequest,
    RefundState,
    Refused,
    SessionRequest,
    SessionState,
    SetupRequest,
    SetupState,
    Unclear,
)
from billing_core.payments.listing import Listing
from billing_core.payments.stripe_units import blocked_brands, card_of, decline_of, from_processor, said, to_processor

T = TypeVar("T")
S = TypeVar("S", bound=stripe.StripeObject)

RETRIES = 2
"""How often the SDK repeats a call that got no answer, under the same idempotency key."""
TIMEOUT_SECONDS = 15
LIVE_KEYS = ("sk_live_", "rk_live_")
EXPAND = ["payment_intent.latest_charge"]
CLEAR_NO = (
    stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError, stripe.CardError,
)  # fmt: skip
"""Errors after which nothing has happened. All others (no answer, 5xx, 429 and 409 behind a repeat) leave it open."""
REFUNDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
"""What the states of Stripe's refunds mean; every other one is on its way."""
DISPUTES = {"won": "won", "lost": "lost", "warning_closed": "closed", "prevented": "closed"}
"""What the states of Stripe's disputes mean. A `warning_` is an inquiry, everything else is not decided yet."""
MOST_IN_A_PAGE = 100
OVER = ("canceled", "requires_payment_method")
"""States of a payment intent, on a session that is complete, from which no money comes any more."""


class StripeGateway:
    """A Gateway on one Stripe account. http_client None: over the network, with time-outs."""

    def __init__(self, api_key: str, webhook_secret: str, http_client: stripe.HTTPClient | None = None) -> None:
        self._secret = webhook_secret
        self._live = api_key.startswith(LIVE_KEYS)
        over_network = http_client or stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
        self._client = stripe.StripeClient(api_key, http_client=over_network, max_network_retries=RETRIES)

    @property
    def livemode(self) -> bool:
        """Whether the key moves real money."""
        return self._live

    def create_session(self, request: SessionRequest) -> SessionState:
        """The session of this request, new or replayed. Raises Refused and Unclear."""
        key = f"checkout-{request.reference}"
        created = self._call(
            lambda: self._client.v1.checkout.sessions.create(_parameters(request), {"idempotency_key": key})
        )
        return _state(created)

    def retrieve_session(self, session_id: str) -> SessionState:
        """The session with its intent and charge. Raises Unclear: a refusal to answer says nothing about the money."""
        return _state(self._ask(lambda: self._client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND})))

    def expire_session(self, session_id: str) -> SessionState:
        """The session, now expired. Raises Refused and Unclear."""
        return _state(self._call(lambda: self._client.v1.checkout.sessions.expire(session_id, {"expand": EXPAND})))

    def create_customer(self, reference: str) -> str:
        """The customer for whom an account's cards are kept. Raises Refused and Unclear."""
        asked = stripe_cards.customer_parameters(reference)
        key = f"customer-{reference}"
        return self._call(lambda: self._client.v1.customers.create(asked, {"idempotency_key": key})).id

    def create_setup(self, request: SetupRequest) -> SetupState:
        """The page for adding a card, new or replayed. Raises Refused and Unclear."""
        asked, key = stripe_cards.setup_parameters(request), f"setup-{request.reference}"
        made = self._call(lambda: self._client.v1.checkout.sessions.create(asked, {"idempotency_key": key}))
        return stripe_cards.setup_state(made)

    def retrieve_setup(self, session_id: str) -> SetupState:
        """The page with the card that was added on it. Raises Unclear."""
        wanted: SessionRetrieveParams = {"expand": stripe_cards.EXPAND_SETUP}
        return stripe_cards.setup_state(
            self._ask(lambda: self._client.v1.checkout.sessions.retrieve(session_id, wanted))
        )

    def detach_card(self, method: str) -> None:
        """Let go of a card. Raises Refused and Unclear."""
        self._call(lambda: self._client.v1.payment_methods.detach(method))

    def create_charge(self, request: ChargeRequest) -> SessionState:
        """The intent of this request, new or replayed; it is not confirmed. Raises Refused and Unclear."""
        asked, key = stripe_cards.charge_parameters(request), f"charge-{request.reference}"
        made = self._call(lambda: self._client.v1.payment_intents.create(asked, {"idempotency_key": key}))
        return stripe_cards.charge_state(made)

    def charge(self, intent_id: str) -> SessionState:
        """Confirm the intent off session. Raises Refused and Unclear."""
        wanted: PaymentIntentConfirmParams = {"off_session": True, "expand": stripe_cards.EXPAND_CHARGE}
        return stripe_cards.charge_state(self._call(lambda: self._client.v1.payment_intents.confirm(intent_id, wanted)))

    def confront(self, intent_id: str, method: str, return_url: str) -> SessionState:
        """Confirm the intent with its person there. Raises Refused and Unclear."""
        wanted: PaymentIntentConfirmParams = {
            "payment_method": method, "return_url": return_url, "expand": stripe_cards.EXPAND_CHARGE,
        }  # fmt: skip
        return stripe_cards.charge_state(self._call(lambda: self._client.v1.payment_intents.confirm(intent_id, wanted)))

    def retrieve_charge(self, intent_id: str) -> SessionState:
        """The intent with its charge. Raises Unclear."""
        wanted: PaymentIntentRetrieveParams = {"expand": stripe_cards.EXPAND_CHARGE}
        return stripe_cards.charge_state(self._ask(lambda: self._client.v1.payment_intents.retrieve(intent_id, wanted)))

    def cancel_charge(self, intent_id: str) -> SessionState:
        """The intent, now cancelled. Raises Refused and Unclear."""
        wanted: PaymentIntentCancelParams = {"expand": stripe_cards.EXPAND_CHARGE}
        return stripe_cards.charge_state(self._call(lambda: self._client.v1.payment_intents.cancel(intent_id, wanted)))

    def create_refund(self, request: RefundRequest) -> RefundState:
        """The refund of this request, new or replayed. Raises Refused and Unclear."""
        key = f"refund-{request.reference}"
        asked = _refund_parameters(request)
        return _refund_state(self._call(lambda: self._client.v1.refunds.create(asked, {"idempotency_key": key})))

    def reference_of(self, intent_id: str) -> str | None:
        """What the metadata of the intent says. Raises Unclear."""
        metadata = self._ask(lambda: self._client.v1.payment_intents.retrieve(intent_id)).metadata
        return said(metadata, "payment") or None

    def refunds_of(self, intent_id: str) -> list[RefundState]:
        """Every refund of the payment, oldest first. Raises Unclear: a refusal to answer says nothing of the money."""
        wanted: RefundListParams = {"payment_intent": intent_id, "limit": MOST_IN_A_PAGE}
        return [_refund_state(refund) for refund in self._all(lambda: self._client.v1.refunds.list(wanted))]

    def disputes_of(self, intent_id: str) -> list[DisputeState]:
        """Every dispute of the payment, oldest first. Raises Unclear."""
        wanted: DisputeListParams = {"payment_intent": intent_id, "limit": MOST_IN_A_PAGE}
        return [_dispute_state(found) for found in self._all(lambda: self._client.v1.disputes.list(wanted))]

    def _all(self, call: Callable[[], stripe.ListObject[S]]) -> list[S]:
        """Every page of a list, the oldest first."""
        return list(reversed(self._ask(lambda: list(call().auto_paging_iter()))))

    def read_event(self, body: bytes, signature: str) -> Event:
        """The event behind a valid signature. One of the other mode carries no reference. Raises Forged."""
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._secret, stripe.Webhook.DEFAULT_TOLERANCE)
            return event_of(json.loads(body), live=self._live)
        except (ValueError, LookupError, TypeError, AttributeError, stripe.SignatureVerificationError) as error:
            raise Forged(str(error)) from error

    @property
    def listing(self) -> Listing:
        """What the account has of a period, page by page."""
        from billing_core.payments.stripe_listing import StripeListing  # it stands on this module

        return StripeListing(self._client, self._call)

    def _ask(self, call: Callable[[], T]) -> T:
        """A call that changes nothing: a refusal to answer says nothing about what happened. Raises Unclear."""
        try:
            return self._call(call)
        except Refused as refusal:
            raise Unclear(str(refusal)) from refusal

    def _call(self, call: Callable[[], T]) -> T:
        if db.in_transaction():
            raise RuntimeError("the processor is called inside a transaction: its locks would wait for a network")
        try:
            return call()
        except CLEAR_NO as error:
            raise Refused(error.code or type(error).__name__, str(error)) from error
        except stripe.StripeError as error:
            raise Unclear(str(error)) from error


def event_of(said: dict[str, Any], *, live: bool) -> Event:
    """What an event says where to look. Raises LookupError, TypeError and AttributeError where it is none."""
    about = said["data"]["object"]
    event_id, kind = str(said["id"]), str(said["type"])
    metadata = about.get("metadata") or {}
    reference = about.get("client_reference_id") or metadata.get("payment")
    session_id = about.get("id") if about.get("object") == "checkout.session" else None
    intent_id = about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    if said["livemode"] is not live:
        return Event(event_id, kind, None, None)
    return Event(event_id, kind, reference, session_id, intent_id if isinstance(intent_id, str) else None)


def _parameters(request: SessionRequest) -> SessionCreateParams:
    metadata = {"payment": request.reference}
    wanted: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": request.reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": request.title},
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "payment_method_options": {"card": {"restrictions": {"brands_blocked": blocked_brands(request.brands)}}},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": to_processor(request.amount, request.currency),
                    "product_data": {"name": request.title},
                },
            }
        ],
        "submit_type": "pay",
        "locale": "de" if request.locale == "de" else "en",
        "expires_at": int(request.expires_at.timestamp()),
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expand": EXPAND,
    }
    if request.customer is not None:
        wanted["customer"] = request.customer
        wanted["payment_intent_data"]["setup_future_usage"] = "off_session"
    return wanted


def _state(session: Session) -> SessionState:
    currency = (session.currency or "").upper()
    intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
    card = card_of(intent)
    complete = session.status == "complete"
    is_paid = complete and session.payment_status == "paid"
    return SessionState(
        session_id=session.id,
        reference=session.client_reference_id or "",
        status=session.status or "",
        is_paid=is_paid,
        is_final=session.status == "expired" or (complete and intent is not None and intent.status in OVER),
        amount=from_processor(session.amount_total, currency),
        received=from_processor(intent.amount_received, currency) if intent is not None else None,
        currency=currency,
        livemode=session.livemode,
        url=session.url,
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        intent_id=intent.id if intent is not None else None,
        card_brand=card.brand if card is not None else "",
        card_last4=card.last4 if card is not None else "",
        decline=decline_of(intent),
        card=card,
    )


def _refund_parameters(request: RefundRequest) -> RefundCreateParams:
    return {
        "payment_intent": request.intent_id,
        "amount": to_processor(request.amount, request.currency),
        "metadata": {"payment": request.payment, "refund": request.reference},
    }


def _refund_state(refund: stripe.Refund) -> RefundState:
    currency = refund.currency.upper()
    return RefundState(
        refund_id=refund.id,
        reference=said(refund.metadata, "refund"),
        status=REFUNDS.get(refund.status or "", "pending"),
        amount=from_processor(refund.amount, currency),
        currency=currency,
        failure=getattr(refund, "failure_reason", None) or "",
    )


def _dispute_state(dispute: stripe.Dispute) -> DisputeState:
    currency, due_by = dispute.currency.upper(), dispute.evidence_details.due_by
    asked = "inquiry" if dispute.status.startswith("warning_") else "disputed"
    return DisputeState(
        dispute_id=dispute.id,
        status=DISPUTES.get(dispute.status, asked),
        amount=from_processor(dispute.amount, currency),
        currency=currency,
        reason=dispute.reason,
        answer_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )
