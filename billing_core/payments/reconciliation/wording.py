"""A difference as a sentence in the reader's language: for the page, the mail and the command alike."""

from typing import Any

from billing_core import money, words
from billing_core.payments.reconciliation.models import ReconciliationDifference
from billing_core.words import mark

NAMES = {"payment": mark("Payment"), "refund": mark("Refund"), "dispute": mark("Dispute")}
STATES = {
    "paid": mark("paid"), "succeeded": mark("carried out"), "creating": mark("not started"),
    "open": mark("not finished"), "unknown": mark("not known"), "failed": mark("failed"), "expired": mark("expired"),
    "cancelled": mark("cancelled"),
    "needs_review": mark("set aside"), "given_back": mark("given back"), "closed": mark("closed"),
    "begun": mark("being sent"), "pending": mark("on its way"), "awaiting_approval": mark("waits for approval"),
    "declined": mark("declined"), "inquiry": mark("an inquiry"), "disputed": mark("disputed"), "won": mark("won"),
    "lost": mark("lost"), "canceled": mark("cancelled"), "requires_payment_method": mark("not paid"),
    "requires_action": mark("not paid"), "requires_confirmation": mark("not paid"), "processing": mark("on its way"),
}  # fmt: skip
"""States of both sides; of a payment that succeeded the processor says that it is paid."""
SENTENCES = {
    ("payment", "missing_here"): mark("The card processor took %(there)s for a payment that does not exist here."),
    ("payment", "missing_there"): mark("%(here)s are booked here, but the card processor does not know this money."),
    ("payment", "amount"): mark("%(here)s are booked here, but the card processor took %(there)s."),
    ("payment", "state"): mark("Here the payment is %(state_here)s, at the card processor it is %(state_there)s."),
    ("payment", "mode"): mark("One side counts it as real money, the other one as test money."),
    ("payment", "second"): mark("The card processor took money a second time for this payment: %(there)s."),
    ("refund", "missing_here"): mark("The card processor sent %(there)s back, and there is no refund of it here."),
    ("refund", "missing_there"): mark("A refund of %(here)s is booked here, but the card processor does not know it."),
    ("refund", "amount"): mark("A refund of %(here)s is booked here, but the card processor sent %(there)s back."),
    ("refund", "state"): mark("Here the refund is %(state_here)s, at the card processor it is %(state_there)s."),
    ("dispute", "missing_here"): mark("A bank disputes %(there)s at the card processor, and nothing of it is here."),
    ("dispute", "missing_there"): mark("A dispute is noted here, but the card processor does not know it."),
    ("dispute", "amount"): mark("A dispute of %(here)s is booked here, but the bank disputes %(there)s."),
    ("dispute", "state"): mark("Here the dispute is %(state_here)s, at the card processor it is %(state_there)s."),
}


def name(difference: ReconciliationDifference) -> str:
    """What it is about, in a word."""
    return words.gettext(NAMES[difference.about])


def sentence(difference: ReconciliationDifference) -> str:
    """What differs."""
    said = difference.said
    here, there = said.get("here", {}), said.get("there", {})
    values = {
        "here": _money(here), "there": _money(there), "state_here": _state(difference, here, at_processor=False),
        "state_there": _state(difference, there, at_processor=True),
    }  # fmt: skip
    return words.gettext(SENTENCES[difference.about, difference.what]) % values


def _money(side: dict[str, Any]) -> str:
    if side.get("amount") is None:
        return words.gettext("an amount that cannot be read")
    return money.show(side["amount"], side["currency"], words.locale())


def _state(difference: ReconciliationDifference, side: dict[str, Any], *, at_processor: bool) -> str:
    state = side.get("state", "")
    if difference.about == "payment" and state == "succeeded" and not at_processor:
        state = "paid"
    return words.gettext(STATES[state]) if state in STATES else state
