"""Charging a card on file: prepared first, then charged, and confirmed by its owner where the bank asks for that.

Nothing is taken when the intent is made, under the payment's own key; only what the processor is then asked to
charge, by an id that is stored here, can take money, and it can do so once only. So no money moves under a key that is
forgotten, and a cancellation has always something to cancel. Nobody need be there: a job may call `go_on` as well as a
person's page.
"""

import logging
from functools import partial

from billing_core import clock, db, templating
from billing_core.payments import moves, queries
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import CHARGE, PERSON, Refused, SessionState, Unclear
from billing_core.payments.models import Payment
from billing_core.payments.processor import processor
from billing_core.payments.starting import start

log = logging.getLogger(__name__)


def go_on(payment: Payment, *, with_owner: bool) -> Payment:
    """All that can be done now. An owner who is there is led to the bank (hosted_url) where it asks for that.

    What comes back is succeeded, failed, open or unknown; nothing is raised.
    """
    try:
        return _drive(payment, with_owner=with_owner)
    except Unclear as error:
        log.warning("payment %s: the processor did not say what became of it: %s", payment.public_id, error)
        return db.perform(moves.doubt, payment.public_id)


def _drive(payment: Payment, *, with_owner: bool) -> Payment:
    """The next steps, as far as they go. Raises Unclear."""
    awaits, url = CHARGE, None
    if payment.lacks_place:
        payment = prepare(payment)
    elif payment.is_under_way:
        payment, seen = _ask(payment)
        awaits, url = seen.awaits, seen.url
    if not payment.is_under_way or payment.lacks_place or not awaits:
        return payment
    if _is_over(payment):
        return _cancel(payment)
    if awaits == CHARGE:
        payment, seen = _charge(payment)
        awaits, url = seen.awaits, seen.url
    if with_owner and payment.is_under_way and awaits == PERSON and url is None:
        payment = _confront(payment)
    return payment


def settle(payment: Payment, intent_id: str | None = None, event_id: str | None = None) -> Payment:
    """Ask what became of it and put it down; nothing new is begun, and what we had given up is ended there too.

    Raises Unclear.
    """
    if payment.processor_intent is None and intent_id is None:
        return payment
    payment, seen = _ask(payment, intent_id, event_id)
    if seen.status == "open" and not (payment.is_under_way or payment.is_over):
        return _cancel(payment)
    return payment


def prepare(payment: Payment) -> Payment:
    """Have the charge made; it takes nothing yet."""
    return start(payment, partial(_make_charge, payment))


def _make_charge(payment: Payment) -> SessionState:
    """Raises Refused and Unclear."""
    with db.reading():
        request = queries.charge_request(payment.public_id)
    return processor().create_charge(request)


def _ask(payment: Payment, intent_id: str | None = None, event_id: str | None = None) -> tuple[Payment, SessionState]:
    seen = processor().retrieve_charge(payment.processor_intent or intent_id or "")
    crashpoint("processor.asked")
    payment = db.perform(moves.learn, payment.public_id, seen, event_id)
    crashpoint("payment.settled")
    return payment, seen


def _is_over(payment: Payment) -> bool:
    """Nobody came back in time, or what it was to pay was paid in another way."""
    if clock.now() >= moves.session_end(payment):
        return True
    with db.reading():
        return queries.is_needless(payment)


def _charge(payment: Payment) -> tuple[Payment, SessionState]:
    """Take the money. After a clear no the processor says what that means: declined, or its owner has to confirm."""
    try:
        seen = processor().charge(payment.processor_intent or "")
    except Refused as refusal:
        log.info("payment %s was not charged: %s", payment.public_id, refusal)
        return _ask(payment)
    crashpoint("processor.charged")
    payment = db.perform(moves.learn, payment.public_id, seen)
    crashpoint("payment.settled")
    return payment, seen


def _confront(payment: Payment) -> Payment:
    """Ask the bank what its page for the card's owner is."""
    with db.reading():
        request = queries.charge_request(payment.public_id)
    back = templating.link(f"/payments/{payment.public_id}?returned=1")
    try:
        seen = processor().confront(payment.processor_intent or "", request.method, back)
    except Refused as refusal:
        log.info("payment %s was not confirmed: %s", payment.public_id, refusal)
        return _ask(payment)[0]
    crashpoint("processor.confronted")
    payment = db.perform(moves.learn, payment.public_id, seen)
    crashpoint("payment.confronted")
    return payment


def _cancel(payment: Payment) -> Payment:
    """End it at the processor, and then here."""
    try:
        ended = processor().cancel_charge(payment.processor_intent or "")
    except Refused:
        return _ask(payment)[0]
    crashpoint("processor.expired")
    return db.perform(moves.learn, payment.public_id, ended)
