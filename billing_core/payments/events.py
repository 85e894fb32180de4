"""The processor's signed events: stored once, then acted on here and, whatever happens meanwhile, by a job.

An event only says where to look. What is booked is asked anew, so that order and repetition do not matter.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import or_, select

from billing_core import clock, db, jobs
from billing_core.payments import giving_back, service
from billing_core.payments.cards import keeping
from billing_core.payments.cards import service as cards
from billing_core.payments.cards.models import CardSetup
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import Event, Forged, Unclear
from billing_core.payments.models import Payment, ProcessorEvent
from billing_core.payments.moves import SETTLE, mark_processed
from billing_core.payments.processor import processor

log = logging.getLogger(__name__)

MONEY_BACK = "payment.money_back"
"""The job kind; its arguments are intent and event."""


def receive_event(body: bytes, signature: str) -> int:
    """Take in a webhook; the HTTP status to answer with. Once stored it is never lost, so the answer is then 200."""
    try:
        event = processor().read_event(body, signature)
    except Forged:
        log.warning("a webhook with a bad signature was refused")
        return 400
    take_in(event, body)
    return 200


def take_in(event: Event, body: bytes) -> None:
    """Store an event whose origin is sure, once, and act on it. Where the processor cannot be asked, its job will."""
    act = db.perform(_note, event, body)
    crashpoint("event.noted")
    if act is not None:
        try:
            act()
        except Unclear:
            log.info("the processor could not be asked about event %s now; its job will", event.event_id)


def _note(event: Event, body: bytes) -> Callable[[], None] | None:
    """Store a signed event once, with the job that acts on it; what the job does, None where nothing is to be done."""
    now = clock.now()
    payment, intent = _payment_of(event), event.intent_id if event.is_about_money_back else None
    setup = _setup_of(event)
    is_about_us = payment is not None or intent is not None or setup is not None
    new = db.add_if_absent(
        ProcessorEvent, event_id=event.event_id, kind=event.kind[:80], body=body, received_at=now,
        processed_at=None if is_about_us else now,
    )  # fmt: skip
    if not (new and is_about_us):
        return None
    if intent is not None:
        jobs.enqueue(MONEY_BACK, intent=intent, event=event.event_id)
        return partial(look_later, intent, event.event_id)
    if setup is not None:
        jobs.enqueue(keeping.SETTLE, setup=setup, session=event.session_id, event=event.event_id)
        return partial(_settle_setup, setup, event.session_id, event.event_id)
    arguments: dict[str, Any] = {"payment": payment, "session": event.session_id, "event": event.event_id}
    if event.session_id is None:
        arguments["intent"] = event.intent_id
    jobs.enqueue(SETTLE, **arguments)
    return partial(settle_later, **arguments)


def _payment_of(event: Event) -> str | None:
    ours = [Payment.public_id == event.reference] if event.reference else []
    if event.intent_id:
        ours.append(Payment.processor_intent == event.intent_id)
    return db.session().scalar(select(Payment.public_id).where(or_(*ours))) if ours else None


def _setup_of(event: Event) -> str | None:
    named = select(CardSetup.public_id).where(CardSetup.public_id == event.reference)
    return db.session().scalar(named) if event.reference else None


def _settle_setup(setup: str, session: str | None, event: str) -> None:
    cards.settle(setup, session, event)


def settle_later(payment: str, session: str | None = None, event: str | None = None, intent: str | None = None) -> None:
    """Handler of the job `payment.settle`."""
    service.settle(payment, session, event, intent)


def look_later(intent: str, event: str) -> None:
    """Handler of the job `payment.money_back`: the processor says whose intent it is, where we do not know it yet."""
    with db.reading() as reading:
        payment = reading.scalar(select(Payment.public_id).where(Payment.processor_intent == intent))
    if payment is None:
        reference = processor().reference_of(intent)
        with db.reading() as reading:
            payment = reading.scalar(select(Payment.public_id).where(Payment.public_id == reference))
    if payment is None:
        db.perform(mark_processed, event)
    else:
        giving_back.look(payment, event)
