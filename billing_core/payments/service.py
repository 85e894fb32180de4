"""The verbs of card payment: intent, call, outcome. They alone open several transactions, and none while the processor
is asked (payments are safe at every point in between: see crashpoints.py and tests/faults).

Whoever brings news (the payer who comes back, a webhook, the reconciler) ends in `settle`, which asks the processor and
lets `moves.learn` book what is true. The news itself is never believed.
"""

import logging
from collections.abc import Sequence
from functools import partial

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.payments import charging, moves, queries, starting
from billing_core.payments.beginning import begin
from billing_core.payments.cards.service import known_customer
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import Refused, SessionState, Unclear
from billing_core.payments.looking import look_at_each
from billing_core.payments.models import Payment
from billing_core.payments.processor import processor
from billing_core.payments.proposals.queries import proposal_of
from billing_core.payments.refusals import NotKnownYet
from billing_core.payments.sharing import NEW_CARD, Means, Wish
from billing_core.permissions import Right, Viewer, demand

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 50
"""How many payments one round of the reconciler looks at; the next round takes the rest."""


def pay_invoice(
    viewer: Viewer,
    invoice_public_id: str,
    amount: int | None,
    *,
    form_key: str | None = None,
    payable_seen: int | None = None,
    means: Means = NEW_CARD,
) -> Payment:
    """Start to pay (a part of) an invoice by card. `amount` None is all that is payable.

    `payable_seen` is what the payer's page said about that; another amount by now is refused. Else as `pay_invoices`.
    """
    wish = Wish(invoice_public_id, amount, payable_seen if amount is None else None)
    return pay_invoices(viewer, [wish], form_key=form_key, means=means)


def pay_proposed(viewer: Viewer, public_id: str, *, form_key: str, means: Means = NEW_CARD) -> Payment:
    """Confirm what another contact proposed, by paying it. Else as `pay_invoices`.

    Raises what that raises, and NotFound, OwnProposal, NotProposedAnyMore and ProposerMayNotPay.
    """
    with db.reading():
        parts = proposal_of(viewer, public_id).parts
        wishes = [Wish(part.invoice.public_id, part.amount) for part in parts]
    return pay_invoices(viewer, wishes, form_key=form_key, means=means, proposal=public_id)


def pay_invoices(
    viewer: Viewer,
    wishes: Sequence[Wish],
    *,
    form_key: str | None = None,
    means: Means = NEW_CARD,
    proposal: str | None = None,
) -> Payment:
    """Start to pay invoices of one account with one card payment; it is paid as a whole or not at all.

    The payment that comes back is open (go to its hosted_url), unknown (nobody can say yet) or failed (the processor or
    the bank refused); with a card on file it may have succeeded. For a form that was sent before it is the payment of
    that form. Raises what `beginning.begin` raises.
    """
    key = form_key or db.public_id("form")
    payment = db.perform(begin, viewer, wishes, key, processor().livemode, means, proposal)
    crashpoint("payment.begun")
    if payment.is_on_file:
        return charging.go_on(payment, with_owner=True)
    return start(payment) if payment.lacks_place else payment


def continue_payment(viewer: Viewer, public_id: str) -> Payment:
    """Go on with an attempt: its hosted page is made, or its card is charged, where that failed before.

    Raises NotFound and NotAllowed.
    """
    payment = _payable_by(viewer, public_id)
    if payment.is_on_file:
        return charging.go_on(payment, with_owner=True)
    return start(payment) if payment.lacks_place else payment


def cancel_payment(viewer: Viewer, public_id: str) -> Payment:
    """End an attempt: at the processor first, and only then here, so that nothing can be paid on it afterwards.

    An attempt that turns out to be paid is settled instead; one that is over already stays as it is. Raises NotFound,
    NotAllowed, and NotKnownYet where the processor cannot be asked.
    """
    return _end(_payable_by(viewer, public_id), viewer.actor)


def withdraw_payment(payment: str) -> None:
    """Handler of the job `payment.withdraw`: end an attempt at what was paid in another way. Raises NotKnownYet."""
    with db.reading():
        found = queries.payment_named(payment)
    if found is None:
        raise NotFound
    _end(found, moves.PROCESSOR)


def _end(payment: Payment, actor: str) -> Payment:
    if payment.lacks_place:
        payment = charging.prepare(payment) if payment.is_on_file else start(payment)
    if not payment.is_under_way:
        return payment
    if payment.lacks_place:
        raise NotKnownYet
    try:
        ended = _end_there(payment)
    except Refused:
        return _settle_or_wait(payment.public_id)
    except Unclear:
        raise NotKnownYet from None
    crashpoint("processor.expired")
    payment = db.perform(moves.call_off, payment.public_id, ended, actor)
    crashpoint("payment.cancelled")
    return payment


def _end_there(payment: Payment) -> SessionState:
    if payment.processor_session is None:
        return processor().cancel_charge(payment.processor_intent or "")
    return processor().expire_session(payment.processor_session)


def come_back(viewer: Viewer, public_id: str) -> Payment:
    """The payer returned from the hosted page, which says that it went well. Raises NotFound."""
    with db.reading():
        payment = queries.payment_of(viewer, public_id)
    if payment.is_over:
        return payment
    db.perform(moves.note_return, public_id)
    try:
        return settle(public_id)
    except Unclear:
        return db.perform(moves.doubt, public_id)


def settle(
    public_id: str, session_id: str | None = None, event_id: str | None = None, intent_id: str | None = None
) -> Payment:
    """Ask the processor what became of the payment and put it down. Safe to run at any time, any number of times.

    `session_id` and, of a card on file, `intent_id` help where we never learned them. Raises NotFound, and Unclear
    where the processor cannot be asked.
    """
    with db.reading():
        payment = queries.payment_named(public_id)
    if payment is None:
        raise NotFound
    if payment.is_on_file:
        return charging.settle(payment, intent_id, event_id)
    session = payment.processor_session or session_id
    if session is None:
        return start(payment) if payment.is_under_way else payment
    seen = processor().retrieve_session(session)
    crashpoint("processor.asked")
    payment = db.perform(moves.learn, public_id, seen, event_id)
    crashpoint("payment.settled")
    return payment


def reconcile_due() -> int:
    """Handler of the job `payments.reconcile`, each minute: look at what has waited long enough; how many it was."""
    with db.reading():
        due = queries.due_for_a_look(clock.now(), LOOKS_AT_ONCE)
    return look_at_each(due, moves.claim_look, lambda one: _look(one.public_id))


def _look(public_id: str) -> None:
    """What the reconciler does about one payment. Raises NotFound and Unclear."""
    with db.reading():
        payment = queries.payment_named(public_id)
    if payment is not None and payment.is_on_file:
        charging.go_on(payment, with_owner=False)
    else:
        settle(public_id)


def start(payment: Payment) -> Payment:
    """Have its hosted page made."""
    return starting.start(payment, partial(_make_page, payment))


def _make_page(payment: Payment) -> SessionState:
    """Raises Refused and Unclear."""
    if payment.keeps_card:
        with db.reading():
            customer = queries.customer_for(payment)
        known_customer(customer)
    with db.reading():
        request = queries.session_request(payment.public_id, moves.session_end(payment))
    return processor().create_session(request)


def _payable_by(viewer: Viewer, public_id: str) -> Payment:
    with db.reading():
        payment = queries.payment_of(viewer, public_id)
    demand(Right.PAY, viewer, payment.account_id)
    return payment


def _settle_or_wait(public_id: str) -> Payment:
    try:
        return settle(public_id)
    except Unclear:
        raise NotKnownYet from None
