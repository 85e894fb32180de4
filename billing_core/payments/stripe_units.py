"""How amounts, brands and cards of ours read at Stripe, and the other way round."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import stripe

from billing_core import money
from billing_core.errors import Invalid
from billing_core.payments.gateway import CardSeen
from billing_core.payments.limits import processor_digits

BRAND_NAMES = {
    "amex": "american_express", "discover": "discover_global_network", "mastercard": "mastercard", "visa": "visa",
}  # fmt: skip
"""Our names of card brands, which are those of Stripe's cards, and those of its restrictions."""


def to_processor(amount: int, currency: str) -> int:
    """An amount of ours in the processor's unit."""
    return int(money.as_decimal(amount, currency).scaleb(processor_digits(currency)))


def from_processor(amount: int | None, currency: str) -> int | None:
    """None where the figure is no amount of our unit: it can then be none that we asked for."""
    if amount is None:
        return None
    try:
        return money.from_decimal(Decimal(amount).scaleb(-processor_digits(currency)), currency)
    except Invalid:
        return None


def blocked_brands(accepted: Sequence[str]) -> list[Any]:
    """The brands that a hosted page must not take."""
    return [name for brand, name in sorted(BRAND_NAMES.items()) if brand not in accepted]


def said(metadata: stripe.StripeObject | None, name: str) -> str:
    """What we gave along under the name; empty where nothing was."""
    return str(metadata[name]) if metadata is not None and name in metadata else ""


def id_of(named: Any) -> str:
    """Of what Stripe says as an id or, where that was asked for, as the whole object; empty where it says neither."""
    return str(named if isinstance(named, str) else getattr(named, "id", "") or "")


def card_of(intent: stripe.PaymentIntent | None) -> CardSeen | None:
    """The card that an intent was last charged to, where its charge is expanded."""
    charge = intent.latest_charge if intent is not None else None
    details = charge.payment_method_details if isinstance(charge, stripe.Charge) else None
    if details is None or details.card is None or not isinstance(charge, stripe.Charge):
        return None
    return card_seen(charge.payment_method or "", details.card)


def card_seen(method: str, card: Any) -> CardSeen:
    """What both a payment method and a charge say of a card."""
    return CardSeen(
        method, card.brand or "", card.last4 or "", card.exp_month or 0, card.exp_year or 0, card.fingerprint or ""
    )


def decline_of(intent: stripe.PaymentIntent | None) -> str:
    """The code of the last decline. The SDK knows no field that was not sent: only an issuer's no has its own code."""
    error = intent.last_payment_error if intent is not None else None
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "")
