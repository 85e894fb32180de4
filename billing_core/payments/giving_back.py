"""Refunds and disputes as somebody causes them: intent, call, outcome, in the way of `service`.

No transaction is open while the processor is asked. Whoever brings news ends in `look`, which asks for all refunds and
disputes of the payment and books what is true.
"""

import logging
from collections.abc import Mapping

from billing_core import clock, db
from billing_core.payments import disputing, queries, refunding, service
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import RefundRequest, Refused, Unclear
from billing_core.payments.looking import look_at_each
from billing_core.payments.models import Refund
from billing_core.payments.processor import processor
from billing_core.payments.queries import RefundDue
from billing_core.payments.states import BEGUN
from billing_core.permissions import Viewer

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 50
"""How many refunds one round of the reconciler looks at."""


def refund_payment(viewer: Viewer, payment: str, wishes: Mapping[str, int], reason: str, form_key: str) -> Refund:
    """Send money back to the card, or ask a second person first. Raises what `refunding.ask_refund` raises."""
    return send(db.perform(refunding.ask_refund, viewer, payment, wishes, reason, form_key))


def approve_refund(viewer: Viewer, public_id: str) -> Refund:
    """The second person says yes, and the money goes. Raises what `refunding.approve_refund` raises."""
    return send(db.perform(refunding.approve_refund, viewer, public_id))


def send(refund: Refund) -> Refund:
    """Have the processor do it, again under the same key where that was tried before."""
    if refund.state != BEGUN:
        return refund
    crashpoint("refund.begun")
    with db.reading():
        payment, request = queries.refund_request(refund.public_id)
    if refund.begun_at is not None and clock.now() >= refund.begun_at + refunding.SEND_AGAIN_WITHIN:
        return _give_up_or_adopt(payment, request)
    try:
        made = processor().create_refund(request)
    except Refused as refusal:
        log.warning("refund %s was refused: %s", refund.public_id, refusal)
        return _refused(payment, db.perform(refunding.refuse_refund, refund.public_id, refusal.code))
    except Unclear as error:
        log.warning("refund %s is not known to have happened: %s", refund.public_id, error)
        return refund
    crashpoint("processor.refunded")
    db.perform(disputing.learn_money_back, payment, [made], [])
    crashpoint("refund.learned")
    return _reread(refund.public_id)


def _refused(payment: str, refund: Refund) -> Refund:
    """What the refund gives up is perhaps the dispute's, or a refund's that was made at the processor meanwhile."""
    try:
        look(payment)
    except Unclear:
        log.info("the processor could not be asked about payment %s now; its events will", payment)
    return refund


def _give_up_or_adopt(payment: str, request: RefundRequest) -> Refund:
    """The key may be forgotten by now, so nothing is sent: the processor's own list says whether it happened."""
    try:
        look(payment)
    except Unclear:
        return _reread(request.reference)
    return _refused(payment, db.perform(refunding.refuse_refund, request.reference, "never_started"))


def look(payment: str, event: str | None = None) -> None:
    """Ask the processor for all refunds and disputes of a payment and put them down. Raises NotFound and Unclear."""
    found = service.settle(payment)
    if found.processor_intent is None:
        db.perform(disputing.learn_money_back, payment, [], [], event)
        return
    refunds = processor().refunds_of(found.processor_intent)
    disputes = processor().disputes_of(found.processor_intent)
    crashpoint("processor.asked_back")
    db.perform(disputing.learn_money_back, payment, refunds, disputes, event)


def reconcile_due() -> int:
    """Handler of the job `refunds.reconcile`, each minute: those without an outcome; how many were looked at."""
    with db.reading():
        due = queries.refunds_due(clock.now(), LOOKS_AT_ONCE)
    return look_at_each(due, refunding.claim_look, _look_at)


def _look_at(waiting: RefundDue) -> None:
    if waiting.is_begun:
        send(_reread(waiting.public_id))
    else:
        look(waiting.payment)


def _reread(public_id: str) -> Refund:
    with db.reading():
        return queries.refund_named(public_id)
