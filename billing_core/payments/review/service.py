"""A payment that was set aside, as finance decides about it: look at the processor, decide, carry it out.

Like all verbs of payments these open several transactions and none while the processor is asked. What is decided is
about the finding of a look that was taken right before, and only if the page had shown the same.
"""

from dataclasses import replace

from billing_core import db
from billing_core.errors import NotFound
from billing_core.payments import giving_back, queries
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import Refused, Unclear
from billing_core.payments.models import Payment, Refund
from billing_core.payments.processor import processor
from billing_core.payments.refusals import NotKnownYet
from billing_core.payments.review import deciding, finding
from billing_core.payments.review.finding import Finding
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.states import NEEDS_REVIEW
from billing_core.permissions import Viewer, demand_staff


def look(viewer: Viewer, public_id: str) -> Finding:
    """Ask the processor what it has of the payment and put it down. Raises NotAllowed, NotFound and NotKnownYet."""
    demand_staff(viewer, "finance")
    payment, session, intent = _whereabouts(public_id)
    try:
        found = _ask(session, intent)
    except Unclear:
        raise NotKnownYet from None
    if payment.state == NEEDS_REVIEW:
        found = db.perform(deciding.note_finding, public_id, found)
        crashpoint("review.looked")
    return found


def take_in(viewer: Viewer, public_id: str, seen: str, note: str) -> Payment:
    """Book what came. Raises what `deciding.take_in` raises, and NotKnownYet."""
    look(viewer, public_id)
    taken = db.perform(deciding.take_in, viewer, public_id, seen, note, livemode=processor().livemode)
    crashpoint("review.decided")
    _look_for_more(public_id)
    return taken


def give_back(viewer: Viewer, public_id: str, seen: str, note: str) -> Refund | None:
    """Send all of it back to the card, or ask a second person first. Raises as `take_in`."""
    look(viewer, public_id)
    livemode = processor().livemode
    refund = db.perform(deciding.give_back, viewer, public_id, seen, note, livemode=livemode)
    crashpoint("review.decided")
    return giving_back.send(refund) if refund is not None else None


def close(viewer: Viewer, public_id: str, seen: str, note: str) -> Payment:
    """Close it without money; a page that is still open ends first. Raises as `take_in`."""
    shown = look(viewer, public_id)
    if shown.status == "open" and shown.fingerprint == seen:
        seen = _end(viewer, public_id, shown).fingerprint
    closed = db.perform(deciding.close, viewer, public_id, seen, note, livemode=processor().livemode)
    crashpoint("review.decided")
    return closed


def _end(viewer: Viewer, public_id: str, shown: Finding) -> Finding:
    """Nothing can be paid on the page any more; what else has changed meanwhile is what the decision is not about."""
    try:
        if shown.session_id:
            processor().expire_session(shown.session_id)
        else:
            processor().cancel_charge(shown.intent_id or "")
    except (Refused, Unclear):
        return shown
    ended = look(viewer, public_id)
    same = replace(ended, status=shown.status, is_final=shown.is_final) == shown
    return ended if same else shown


def _whereabouts(public_id: str) -> tuple[Payment, str, str]:
    """The payment, and the session or, of a card on file, the intent that it was set aside for. Raises NotFound."""
    with db.reading() as reading:
        payment = queries.payment_named(public_id)
        review = reading.get(PaymentReview, payment.id) if payment is not None else None
    if payment is None:
        raise NotFound
    session = (review.session_id if review is not None else "") or payment.processor_session or ""
    intent = (review.intent_id if review is not None else "") or payment.processor_intent or ""
    if not (session or (payment.is_on_file and intent)):
        raise NotFound
    return payment, session, intent


def _ask(session: str, intent: str) -> Finding:
    there = processor()
    seen = there.retrieve_session(session) if session else there.retrieve_charge(intent)
    found = finding.of_session(seen)
    if not found.is_paid or found.intent_id is None or found.livemode != there.livemode:
        return found
    gone = [one for one in there.refunds_of(found.intent_id) if one.status != "failed"]
    return replace(found, refunded=sum(one.amount or 0 for one in gone))


def _look_for_more(public_id: str) -> None:
    """What went back or is disputed has its rows only from now on."""
    try:
        giving_back.look(public_id)
    except Unclear:
        return
