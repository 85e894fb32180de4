"""What each piece of news does to the rows of a payment: every function here is one verb for `db.perform`.

Each takes its locks in the house's order (account, online orders, invoices by id, payment), looks again under them,
moves, and writes audit and mail in the same transaction. None of them talks to the processor.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db, jobs
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import Booking, lock_account, lock_invoices
from billing_core.mail.service import BadRecipient
from billing_core.orders.online import settling
from billing_core.payments import fulfilling, mails, states
from billing_core.payments.cards.adopting import adopt
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import SessionState
from billing_core.payments.looking import claim, pause
from billing_core.payments.models import Payment, PaymentTarget, ProcessorEvent
from billing_core.payments.review import finding
from billing_core.payments.review.models import PaymentReview

log = logging.getLogger(__name__)

SETTLE = "payment.settle"
"""The job kind; its arguments are payment and, where they are known, session and event."""
SESSION_LASTS = timedelta(hours=23)
"""From the row's creation. The processor takes 30 minutes to 24 hours, counted from its own clock."""
START_AGAIN_WITHIN = SESSION_LASTS - timedelta(minutes=40)
"""How long a creation may be repeated under its key: the session must then still have half an hour before it."""
A_MINUTE = timedelta(minutes=1)

PROCESSOR = "processor"


def session_end(payment: Payment) -> datetime:
    """When the hosted page closes: derived from the row alone."""
    return payment.created_at + SESSION_LASTS


def learn(public_id: str, seen: SessionState, event_id: str | None = None) -> Payment:
    """Bring the payment into line with what the processor says of its session. The one way in which money is booked.

    However often and in whatever order the news comes, the end is the same: what was paid is booked once.
    """
    payment, invoices = locked(public_id)
    if event_id is not None:
        mark_processed(event_id)
    if payment.is_over:
        return payment
    wrong = _differences(payment, seen)
    if wrong:
        _set_aside(payment, invoices, seen, wrong)
        return payment
    payment.processor_session = seen.session_id
    if payment.is_on_file:
        payment.processor_intent = seen.intent_id
    payment.failure = seen.decline[:60] or payment.failure
    if seen.is_paid:
        _book(payment, invoices, seen)
    elif payment.is_under_way:
        _note_unpaid(payment, seen)
    return payment


def _note_unpaid(payment: Payment, seen: SessionState) -> None:
    if seen.status == "expired":
        _give_up(payment, "expire", PROCESSOR)
    elif seen.is_final:
        _give_up(payment, "fail", PROCESSOR)
    elif seen.status == "open":
        payment.hosted_url, payment.session_expires_at = seen.url, seen.expires_at or session_end(payment)
        if payment.state != states.OPEN:
            payment.state = states.PAYMENT.after(payment.state, "open")
            payment.checks = 0
            payment.check_at = _next_look(payment)
            audit.record(PROCESSOR, "payment.opened", payment.public_id, payment.account_id)
    elif payment.state != states.UNKNOWN:
        _doubt(payment)


def _book(payment: Payment, invoices: dict[int, Invoice], seen: SessionState) -> None:
    if seen.intent_id is None:
        raise ValueError("_differences lets no paid session without its intent through")
    outcomes = fulfilling.carry_out(payment, invoices)
    booked = [
        (target, fulfilling.book(payment, target, target.amount, invoices, seen.intent_id))
        for target in payment.targets
    ]
    payment.state = states.PAYMENT.after(payment.state, "succeed")
    payment.processor_intent = seen.intent_id
    payment.card_brand, payment.card_last4 = seen.card_brand[:20], seen.card_last4[:4]
    payment.settled_at = clock.now()
    release(payment)
    total = sum((b for _, b in booked), start=Booking())
    audit.record(
        PROCESSOR, "payment.succeeded", payment.public_id, payment.account_id,
        intent=seen.intent_id, allocated=total.allocated, credited=total.credited,
    )  # fmt: skip
    if total.credited:
        log.warning("payment %s was larger than what was open; the rest is account credit", payment.public_id)
    if payment.keeps_card and total.is_new:
        _keep_card(payment, seen)
    if outcomes:
        fulfilling.conclude(payment, outcomes, invoices)
    elif total.is_new:
        send_receipt(payment, invoices_of(payment, invoices))
    crashpoint("payment.booked")


def invoices_of(payment: Payment, invoices: dict[int, Invoice]) -> list[Invoice]:
    """Those that it is meant for, in the order of its targets."""
    return [invoices[target.invoice_id] for target in payment.targets if target.invoice_id is not None]


def _keep_card(payment: Payment, seen: SessionState) -> None:
    """A card about which the processor says too little never undoes the booking: the money has been taken."""
    card = adopt(payment.account_id, payment.livemode, seen.card, payment.requested_by) if seen.card else None
    if card is None:
        log.error("payment %s is booked, but its card could not be kept", payment.public_id)


def send_receipt(payment: Payment, paid: list[Invoice]) -> None:
    """A receipt that nobody can be addressed with never undoes the booking: the money has been taken."""
    try:
        mails.send_receipt(payment, paid)
    except BadRecipient:
        log.error("payment %s is booked, but its receipt has no address", payment.public_id)
        audit.record(PROCESSOR, "payment.receipt_failed", payment.public_id, payment.account_id)


def _differences(payment: Payment, seen: SessionState) -> list[str]:
    """In what the processor's session is not the one that was asked for; such money is never booked as paid."""
    compared: dict[str, tuple[object, object]] = {
        "reference": (payment.public_id, seen.reference),
        "session": (payment.processor_session or seen.session_id, seen.session_id),
        "amount": (payment.amount, seen.amount),
        "currency": (payment.currency, seen.currency),
        "livemode": (payment.livemode, seen.livemode),
    }
    if seen.is_paid:
        compared["received"] = (payment.amount, seen.received)
    if seen.is_paid or payment.is_on_file:
        compared["intent"] = (payment.processor_intent or seen.intent_id or "some intent", seen.intent_id)
    return [f"{name}: {ours!r} asked, {theirs!r} found" for name, (ours, theirs) in compared.items() if ours != theirs]


def _set_aside(payment: Payment, invoices: dict[int, Invoice], seen: SessionState, wrong: list[str]) -> None:
    payment.state = states.PAYMENT.after(payment.state, "review")
    payment.review_note = "\n".join([f"session {seen.session_id or seen.intent_id}", *wrong])
    hold_for_review(payment)
    finding.keep(payment, finding.of_session(seen))
    about = {"session": seen.session_id or seen.intent_id, "differences": wrong}
    audit.record(PROCESSOR, "payment.set_aside", payment.public_id, payment.account_id, **about)
    mails.ask_for_review(payment, invoices_of(payment, invoices), seen)
    log.error("payment %s needs review: %s", payment.public_id, "; ".join(wrong))


def hold_for_review(payment: Payment) -> None:
    """Its money is held until finance has decided."""
    payment.check_at = None
    for target in payment.targets:
        target.holds = True


def leave_review(payment: Payment, decision: str, person_id: int, note: str, actor: str, **detail: Any) -> None:
    """Finance has decided about a locked payment that was set aside: its money is held no longer."""
    payment.state = states.PAYMENT.after(payment.state, decision)
    release(payment)
    fulfilling.give_up(payment, actor, decision)
    review = db.session().get_one(PaymentReview, payment.id)
    review.decision, review.note, review.decided_by, review.decided_at = decision, note, person_id, clock.now()
    audit.record(actor, f"payment.{payment.state}", payment.public_id, payment.account_id, note=note, **detail)


def return_to_review(payment: Payment) -> None:
    """The money that was to go back did not go: finance has to decide once more."""
    payment.state = states.PAYMENT.after(payment.state, "review")
    hold_for_review(payment)
    review = db.session().get_one(PaymentReview, payment.id)
    review.decision = review.decided_by = review.decided_at = None
    audit.record(PROCESSOR, "payment.set_aside", payment.public_id, payment.account_id, reason="refund failed")


def refuse(public_id: str, code: str) -> Payment:
    """The processor said clearly no to making it: there is nothing there, so the money is free again."""
    payment, _ = locked(public_id)
    if payment.lacks_place:
        payment.failure = code[:60]
        _give_up(payment, "fail", PROCESSOR, code=code)
    return payment


def doubt(public_id: str) -> Payment:
    """Nobody can say now what became of it: it stays so, and holds its money, until the processor has said."""
    payment, _ = locked(public_id)
    if payment.state in (states.CREATING, states.OPEN):
        _doubt(payment)
    return payment


def doubt_start(public_id: str) -> Payment:
    """Nobody can say whether the processor has made it; unless who asked at the same moment has learned it by now."""
    payment, _ = locked(public_id)
    if payment.state == states.CREATING and payment.lacks_place:
        _doubt(payment)
    return payment


def _doubt(payment: Payment) -> None:
    payment.state = states.PAYMENT.after(payment.state, "doubt")
    payment.checks = 0
    payment.check_at = _next_look(payment)
    audit.record(PROCESSOR, "payment.doubted", payment.public_id, payment.account_id)


def call_off(public_id: str, seen: SessionState, actor: str) -> Payment:
    """A contact cancelled it, and the processor has ended the session: nothing can be paid on it any more."""
    payment, _ = locked(public_id)
    if payment.is_under_way and seen.status == "expired" and not _differences(payment, seen):
        payment.processor_session = seen.session_id
        _give_up(payment, "cancel", actor)
    return payment


def claim_look(public_id: str, planned: datetime) -> bool:
    """Take a planned look for this process and plan the next one; False where another was quicker."""
    now = clock.now()
    return claim(Payment, public_id, planned, lambda row: _next_look(row, now, looks=row.checks + 1))


def note_return(public_id: str) -> None:
    """The payer came back: whatever the page can find out by itself, the worker looks as well."""
    jobs.enqueue(SETTLE, once_key=f"{SETTLE}:{public_id}", payment=public_id)


def mark_processed(event_id: str) -> None:
    """What a stored event called for is done."""
    waiting = update(ProcessorEvent).where(ProcessorEvent.event_id == event_id, ProcessorEvent.processed_at.is_(None))
    db.session().execute(waiting.values(processed_at=clock.now()))


def locked(public_id: str) -> tuple[Payment, dict[int, Invoice]]:
    """The payment with its orders and invoices, all locked in order and read anew. Raises NotFound."""
    place = db.session().execute(select(Payment.id, Payment.account_id).where(Payment.public_id == public_id)).first()
    if place is None:
        raise NotFound
    lock_account(place.account_id)
    meant = select(PaymentTarget.order_id, PaymentTarget.invoice_id).where(PaymentTarget.payment_id == place.id)
    targets = db.session().execute(meant).all()
    settling.locked(order for order, _ in targets if order is not None)
    invoices = {invoice.id: invoice for invoice in lock_invoices(one for _, one in targets if one is not None)}
    row = select(Payment).where(Payment.id == place.id).options(selectinload(Payment.targets))
    found = row.with_for_update(key_share=True).execution_options(populate_existing=True)
    return db.session().scalars(found).one(), invoices


def _give_up(payment: Payment, event: str, actor: str, **detail: str) -> None:
    payment.state = states.PAYMENT.after(payment.state, event)
    release(payment)
    fulfilling.give_up(payment, actor, payment.state)
    audit.record(actor, f"payment.{payment.state}", payment.public_id, payment.account_id, **detail)


def release(payment: Payment) -> None:
    """Nothing of it is held any more, and nobody asks for it."""
    payment.check_at = None
    payment.hosted_url = None
    for target in payment.targets:
        target.holds = False


def _next_look(payment: Payment, now: datetime | None = None, looks: int = 0) -> datetime:
    """After a pause that grows, but right after the session's end where that comes first."""
    now = now or clock.now()
    planned = now + pause(looks)
    end = (payment.session_expires_at or session_end(payment)) + A_MINUTE
    return min(planned, end) if end > now else planned
