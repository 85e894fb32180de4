"""The test cards: Stripe's numbers and tokens (https://docs.stripe.com/testing) and what each of them does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from stripe_sandbox.errors import Json
from stripe_sandbox.store import Unit, new_id

YEARS_VALID = 4


class Authentication(StrEnum):
    """When the issuer asks the person for 3-D Secure."""

    NEVER = "never"
    ALWAYS = "always"
    UNTIL_SAVED = "until_saved"  # asked for once, not again for a card that was saved with it


class Offered(StrEnum):
    """Where the hosted page offers a card."""

    ALWAYS = "always"
    WHEN_SAVING = "when_saving"  # paying or not, where the card is kept for later
    ON_SETUP = "on_setup"  # only where nothing is charged
    ON_PAYMENT = "on_payment"  # only where it is charged
    NEVER = "never"


class Aftermath(StrEnum):
    """What comes of a charge that succeeded."""

    NONE = "none"
    REFUNDS_PEND = "refunds_pend"  # a refund is pending first and succeeds some seconds later
    REFUNDS_FAIL = "refunds_fail"  # a refund seems to succeed and fails some seconds later
    IS_DISPUTED = "is_disputed"  # the bank takes the money back at once, until the dispute is decided
    IS_ASKED_ABOUT = "is_asked_about"  # the bank asks first and leaves the money where it is


@dataclass(frozen=True)
class Decline:
    """An issuer's no: `code` and `decline_code` as on the wire."""

    code: str
    decline_code: str
    message: str


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


@dataclass(frozen=True)
class Card:
    token: str
    number: str
    brand: str
    decline: Decline | None = None
    # Most cards that are declined cannot be saved either; this one can, and fails when it is charged.
    declines_when_saved: bool = True
    authentication: Authentication = Authentication.NEVER
    offered: Offered = Offered.NEVER
    aftermath: Aftermath = Aftermath.NONE
    expires_this_month: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("pm_card_visa", "4242424242424242", "visa", offered=Offered.ALWAYS),
    Card("pm_card_mastercard", "5555555555554444", "mastercard", offered=Offered.ALWAYS),
    Card("pm_card_amex", "378282246310005", "amex", offered=Offered.ALWAYS),
    Card("pm_card_discover", "6011111111111117", "discover", offered=Offered.ALWAYS),
    Card("pm_card_visa_chargeDeclined", "4000000000000002", "visa", decline=GENERIC, offered=Offered.ALWAYS),
    Card(
        "pm_card_visa_chargeDeclinedInsufficientFunds", "4000000000009995", "visa",
        decline=INSUFFICIENT_FUNDS, offered=Offered.ALWAYS,
    ),
    Card("pm_card_chargeDeclinedExpiredCard", "4000000000000069", "visa", decline=EXPIRED, offered=Offered.ALWAYS),
    Card(
        "pm_card_threeDSecure2Required", "4000000000003220", "visa",
        authentication=Authentication.ALWAYS, offered=Offered.ALWAYS,
    ),
    Card(
        "pm_card_authenticationRequiredOnSetup", "4000002500003155", "visa",
        authentication=Authentication.UNTIL_SAVED, offered=Offered.WHEN_SAVING,
    ),
    Card(
        "pm_card_chargeCustomerFail", "4000000000000341", "visa",
        decline=GENERIC, declines_when_saved=False, offered=Offered.ON_SETUP,
    ),
    Card(
        "pm_card_authenticationRequired", "4000002760003184", "visa",
        authentication=Authentication.ALWAYS, offered=Offered.WHEN_SAVING,
    ),
    # Stripe lets its testers type an expiry; here this number has one.
    Card("pm_card_expiresSoon", "4012888888881881", "visa", offered=Offered.WHEN_SAVING, expires_this_month=True),
    Card(
        "pm_card_pendingRefund", "4000000000007726", "visa",
        offered=Offered.ON_PAYMENT, aftermath=Aftermath.REFUNDS_PEND,
    ),
    Card(
        "pm_card_refundFail", "4000000000005126", "visa",
        offered=Offered.ON_PAYMENT, aftermath=Aftermath.REFUNDS_FAIL,
    ),
    Card(
        "pm_card_createDispute", "4000000000000259", "visa",
        offered=Offered.ON_PAYMENT, aftermath=Aftermath.IS_DISPUTED,
    ),
    Card(
        "pm_card_createDisputeInquiry", "4000000000001976", "visa",
        offered=Offered.ON_PAYMENT, aftermath=Aftermath.IS_ASKED_ABOUT,
    ),
)  # fmt: skip
BY_TOKEN = {card.token: card for card in CARDS}

# The names that Checkout's `brands_blocked` uses for the brands of a card.
BLOCKABLE = {
    "american_express": "amex",
    "discover_global_network": "discover",
    "mastercard": "mastercard",
    "visa": "visa",
}


def offered_on_page(*, charging: bool, saving: bool, blocked: Iterable[str]) -> list[Card]:
    """The cards that a page may list where it charges them, keeps them, or both; `blocked` in Checkout's names."""
    refused = {BLOCKABLE[name] for name in blocked}
    wanted = {Offered.ALWAYS} | ({Offered.ON_PAYMENT} if charging else set())
    if saving:
        wanted |= {Offered.WHEN_SAVING} if charging else {Offered.WHEN_SAVING, Offered.ON_SETUP}
    return [card for card in CARDS if card.offered in wanted and card.brand not in refused]


def new_payment_method(unit: Unit, card: Card) -> Json:
    """A payment method made from a test card, attached to nobody yet."""
    today = datetime.fromtimestamp(unit.now, UTC)
    return unit.add(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "card": {
                "brand": card.brand,
                "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
                "country": "US",
                "display_brand": {"amex": "american_express"}.get(card.brand, card.brand),
                "exp_month": today.month if card.expires_this_month else 12,
                "exp_year": today.year + (0 if card.expires_this_month else YEARS_VALID),
                # One number has one fingerprint, so that a card that is saved twice can be told.
                "fingerprint": f"sandbox{card.last4}{card.brand}",
                "funding": "credit",
                "generated_from": None,
                "last4": card.last4,
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": unit.now,
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
        },
        {"token": card.token},
    )


def card_of(unit: Unit, method: Json) -> Card:
    return BY_TOKEN[unit.private(method["id"])["token"]]


def holds_card_number(text: str) -> bool:
    """Whether 13 to 19 digits in a row, with any blanks or dashes between them, pass the Luhn check."""
    for run in re.findall(r"\d(?:[\s-]*\d){12,}", text):
        digits = [int(digit) for digit in run if digit.isdecimal()]
        for length in range(13, 20):
            if any(_luhn(digits[start : start + length]) for start in range(len(digits) - length + 1)):
                return True
    return False


def _luhn(digits: list[int]) -> bool:
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
