"""Refunds: money of a card payment goes back to the card. Each function is one verb for `db.perform`.

Finance asks for one; above a limit a second person of finance approves it. The ledger's rows are written when the
refund begins, before the processor is asked (`giving_back` does that), and brought back by new rows if it fails.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db
from billing_core.errors import NotFound
from billing_core.ledger.incoming import credit_of, sendable_credit
from billing_core.ledger.models import Invoice
from billing_core.ledger.reversing import Standing, bring_back, put_back, standing_of, take_credit
from billing_core.orders.online.queries import credit_free
from billing_core.payments import mails, states
from billing_core.payments.gateway import RefundState
from billing_core.payments.limits import needs_approval, step
from billing_core.payments.looking import claim, pause
from billing_core.payments.models import Dispute, Payment, Refund, RefundPart
from billing_core.payments.moves import A_MINUTE, PROCESSOR, leave_review, locked, return_to_review
from billing_core.payments.refusals import (
    NotRefundable,
    RefundByTheSame,
    RefundDisputed,
    RefundFormUsed,
    RefundNotPossible,
    RefundTooLarge,
    shown,
)
from billing_core.permissions import Viewer, demand_staff

log = logging.getLogger(__name__)

REFUND, REFUND_FAILED = "refund", "refund_failed"
"""Kinds of the ledger's rows."""
CREDIT = "credit"
"""The part of a refund that no invoice gives: it comes from the account's credit."""
LONGEST_REASON = 300
SEND_AGAIN_WITHIN = timedelta(hours=22)
"""How long a refund may be asked for again under its key; the processor forgets keys after 24 hours."""


@dataclass(frozen=True)
class Refundable:
    """What can go back to the card at most: in total, by invoice id, and from the account's credit."""

    total: int
    invoices: Mapping[int, int]
    credit: int


def refundable(payment: Payment) -> Refundable:
    """What is left of a payment whose targets and invoices are loaded. Nothing while a dispute is not decided."""
    if payment.state != states.SUCCEEDED or has_dispute(payment.id):
        return Refundable(0, {}, 0)
    left = standing_of(payment.id)
    invoices = [target.invoice for target in payment.targets if target.invoice is not None]
    owed = {invoice.id: invoice.reopenable for invoice in invoices}
    return _refundable(left, owed, _sendable(payment))


def _sendable(payment: Payment) -> int:
    """Of the account's credit: not what came from proration, nor what an order counts on (domain.md 5 and 6)."""
    account_id, currency = payment.account_id, payment.currency
    return min(sendable_credit(account_id, currency), credit_free(account_id, currency))


def _refundable(left: Standing, owed: Mapping[int, int], credit: int) -> Refundable:
    total = max(left.total, 0)
    invoices = {at: max(min(amount, owed.get(at, 0), total), 0) for at, amount in left.invoices.items()}
    return Refundable(total, invoices, min(credit, total))


def has_dispute(payment_id: int) -> bool:
    """Whether the cardholder's bank has not decided about the payment yet."""
    undecided = exists().where(Dispute.payment_id == payment_id, Dispute.state.in_(states.UNDECIDED))
    return bool(db.session().scalar(select(undecided)))


def ask_refund(viewer: Viewer, payment: str, wishes: Mapping[str, int], reason: str, form_key: str) -> Refund:
    """Ask for money to go back: by public id of the invoice that it reopens, and under `credit` what credit gives.

    It begins at once, or waits for a second person of finance where it is above the limit, with what one person sent
    back of the payment before. The same form again is the
    same refund. Raises NotAllowed, NotFound, NotRefundable, RefundDisputed, RefundFormUsed, RefundTooLarge and
    RefundNotPossible.
    """
    demand_staff(viewer, "finance")
    paid, invoices = locked(payment)
    parts = {name: amount for name, amount in wishes.items() if amount}
    total = sum(parts.values())
    earlier = _made_by_form(viewer, form_key)
    if earlier is not None:
        if earlier.payment_id != paid.id or _named(earlier, invoices) != parts:
            raise RefundFormUsed
        return earlier
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise RefundNotPossible(RefundNotPossible.REASON, field="reason", max=LONGEST_REASON)
    refund = Refund(
        public_id=db.public_id("ref"), account_id=paid.account_id, payment_id=paid.id, state=states.AWAITING,
        amount=total, currency=paid.currency, reason=reason.strip(), requested_by=viewer.person_id,
        form_key=form_key, created_at=clock.now(), checks=0, parts=_parts(paid, invoices, parts),
    )  # fmt: skip
    _check(paid, invoices, refund)
    db.session().add(refund)
    db.session().flush()
    note_asked(refund, paid, viewer.actor)
    if not needs_approval(sent_alone(paid) + total, paid.currency):
        begin(refund, invoices, viewer.actor)
    return refund


def note_asked(refund: Refund, payment: Payment, actor: str) -> None:
    """It stands in the audit who asked for it, and why."""
    about = {"payment": payment.public_id, "amount": refund.amount, "reason": refund.reason}
    audit.record(actor, "refund.asked", refund.public_id, refund.account_id, **about)


def _named(refund: Refund, invoices: Mapping[int, Invoice]) -> dict[str, int]:
    """Its parts by the names that a form has for them."""
    return {
        invoices[part.invoice_id].public_id if part.invoice_id is not None else CREDIT: part.amount
        for part in refund.parts
    }


def sent_alone(payment: Payment) -> int:
    """What went back of the payment already without a second person: many small refunds are a large one."""
    alone = (Refund.requested_by.is_not(None), Refund.decided_by.is_(None), Refund.state.in_(states.REFUND_LEFT))
    sent = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == payment.id, *alone)
    return int(db.session().scalar(sent) or 0)


def _parts(payment: Payment, invoices: Mapping[int, Invoice], wishes: Mapping[str, int]) -> list[RefundPart]:
    ids = {invoice.public_id: invoice.id for invoice in invoices.values()}
    if not wishes or min(wishes.values()) < 0 or not wishes.keys() <= {CREDIT, *ids}:
        raise RefundNotPossible(RefundNotPossible.NOTHING, field="amount")
    if sum(wishes.values()) % step(payment.currency):
        raise RefundNotPossible(RefundNotPossible.STEP, field="amount", currency=payment.currency)
    return [RefundPart(invoice_id=ids.get(name), amount=amount) for name, amount in sorted(wishes.items())]


def _check(payment: Payment, invoices: Mapping[int, Invoice], refund: Refund) -> None:
    """Raise where the refund is not possible now: asked under the locks, when it is asked for and when it begins."""
    if payment.state == states.NEEDS_REVIEW and not refund.parts:
        return  # all of it goes back, and none of it was ever booked
    if payment.state != states.SUCCEEDED:
        raise NotRefundable
    if has_dispute(payment.id):
        raise RefundDisputed
    owed = {invoice.id: invoice.reopenable for invoice in invoices.values()}
    most = _refundable(standing_of(payment.id), owed, _sendable(payment))
    fits = all(part.amount <= _most(most, part) for part in refund.parts)
    if not fits or refund.amount > most.total:
        raise RefundTooLarge(field="amount", most=shown(most.total, payment.currency))


def _most(most: Refundable, part: RefundPart) -> int:
    return most.credit if part.invoice_id is None else most.invoices.get(part.invoice_id, 0)


def begin(refund: Refund, invoices: Mapping[int, Invoice], actor: str) -> None:
    """The money leaves the ledger, and the processor is to be asked for it."""
    refund.state = states.REFUND.after(refund.state, "begin")
    refund.begun_at = clock.now()
    refund.check_at = refund.begun_at + 2 * A_MINUTE
    for part in refund.parts:
        if part.invoice_id is None:
            take_credit(
                refund.account_id, refund.currency, part.amount, REFUND, refund.public_id, refund.payment_id
            )  # fmt: skip
        else:
            put_back(invoices[part.invoice_id], part.amount, REFUND, refund.public_id, refund.payment_id)
    audit.record(actor, "refund.begun", refund.public_id, refund.account_id, amount=refund.amount)


def approve_refund(viewer: Viewer, public_id: str) -> Refund:
    """The second person says yes; what is possible is asked again. Raises as `ask_refund`, and RefundByTheSame."""
    demand_staff(viewer, "finance")
    refund, payment, invoices = _locked(public_id)
    if refund.state in states.REFUND_LEFT:
        return refund
    if refund.requested_by == viewer.person_id:
        raise RefundByTheSame
    _check(payment, invoices, refund)
    refund.decided_by = viewer.person_id
    if payment.state == states.NEEDS_REVIEW:
        leave_review(payment, "give_back", refund.requested_by or viewer.person_id, refund.reason, viewer.actor)
    begin(refund, invoices, viewer.actor)
    return refund


def decline_refund(viewer: Viewer, public_id: str) -> Refund:
    """The second person says no, or the first one takes it back. Raises NotAllowed, NotFound and WrongState."""
    demand_staff(viewer, "finance")
    refund, _, _ = _locked(public_id)
    if refund.state != states.DECLINED:
        refund.state = states.REFUND.after(refund.state, "decline")
        refund.decided_by = viewer.person_id
        audit.record(viewer.actor, "refund.declined", refund.public_id, refund.account_id)
    return refund


def refuse_refund(public_id: str, code: str) -> Refund:
    """The processor said clearly no: nothing has gone back."""
    refund, payment, invoices = _locked(public_id)
    if refund.state == states.BEGUN and refund.processor_refund is None:
        _fail(refund, payment, invoices, code)
    return refund


def learn_refund(refund: Refund, payment: Payment, invoices: Mapping[int, Invoice], seen: RefundState) -> None:
    """Bring a refund of ours, locked, into line with what the processor says of it."""
    refund.processor_refund = seen.refund_id
    if (seen.amount, seen.currency) != (refund.amount, refund.currency):
        _set_aside(refund, seen)
    elif seen.status == "failed":
        if refund.state in states.REFUND_LEFT:
            _fail(refund, payment, invoices, seen.failure or "failed")
    elif seen.status == "succeeded" and refund.state in (states.BEGUN, states.PENDING):
        refund.state = states.REFUND.after(refund.state, "succeed")
        refund.settled_at, refund.check_at = clock.now(), None
        audit.record(PROCESSOR, "refund.succeeded", refund.public_id, refund.account_id, refund=seen.refund_id)
        mails.tell_refunded(refund, payment, invoices)
    elif seen.status == "pending" and refund.state == states.BEGUN:
        refund.state = states.REFUND.after(refund.state, "accept")
        refund.checks, refund.check_at = 0, clock.now() + pause(0)
        audit.record(PROCESSOR, "refund.accepted", refund.public_id, refund.account_id, refund=seen.refund_id)


def _fail(refund: Refund, payment: Payment, invoices: Mapping[int, Invoice], code: str) -> None:
    _take_back(refund, code)
    audit.record(PROCESSOR, "refund.failed", refund.public_id, refund.account_id, code=code)
    mails.tell_refund_failed(refund, payment, invoices)
    if payment.state == states.GIVEN_BACK:
        return_to_review(payment)


def _take_back(refund: Refund, code: str) -> None:
    """It is over, and its money is in the ledger again."""
    refund.state = states.REFUND.after(refund.state, "fail")
    refund.failure, refund.check_at, refund.settled_at = code[:60], None, clock.now()
    bring_back(REFUND, refund.public_id, REFUND_FAILED)


def _set_aside(refund: Refund, seen: RefundState) -> None:
    """The processor sent back another sum than was asked for, which it never should: a person has to look."""
    if refund.check_at is None and refund.failure == "differs":
        return
    refund.failure, refund.check_at = "differs", None
    about = {"refund": seen.refund_id, "amount": seen.amount, "currency": seen.currency}
    audit.record(PROCESSOR, "refund.differs", refund.public_id, refund.account_id, **about)
    log.error("refund %s differs from what the processor says: %s", refund.public_id, about)


def adopt(payment: Payment, invoices: Mapping[int, Invoice], seen: RefundState) -> Refund | None:
    """A refund made on the processor's own pages becomes one of ours, taken from credit first and then from invoices.

    What invoices cannot owe again, because credit notes took them, comes from the account's credit too. None where
    nothing is left of the payment: the processor would then have sent back more than came.
    """
    left = standing_of(payment.id)
    amount = min(seen.amount or left.total, left.total)
    from_credit = min(amount, max(left.credited, 0), credit_of(payment.account_id, payment.currency))
    rest, parts = amount - from_credit, []
    for invoice_id, standing in sorted(left.invoices.items(), reverse=True):
        taken = min(rest, standing, invoices[invoice_id].reopenable)
        if taken > 0:
            parts.append(RefundPart(invoice_id=invoice_id, amount=taken))
            rest -= taken
    if amount <= 0:
        log.error("refund %s at the processor is more than came by payment %s", seen.refund_id, payment.public_id)
        return None
    if from_credit + rest:
        parts.append(RefundPart(invoice_id=None, amount=from_credit + rest))
    refund = Refund(
        public_id=db.public_id("ref"), account_id=payment.account_id, payment_id=payment.id, state=states.AWAITING,
        amount=amount, currency=payment.currency, processor_refund=seen.refund_id, created_at=clock.now(),
        checks=0, parts=parts,
    )  # fmt: skip
    db.session().add(refund)
    db.session().flush()
    audit.record(
        PROCESSOR, "refund.adopted", refund.public_id, payment.account_id, payment=payment.public_id,
        refund=seen.refund_id, amount=seen.amount, booked=refund.amount,
    )  # fmt: skip
    begin(refund, invoices, PROCESSOR)
    return refund


def is_short(refund: Refund, seen: RefundState) -> bool:
    """A refund made at the processor that took less than it sent back, because one of ours held the rest, now free."""
    is_adopted = refund.requested_by is None and refund.state == states.BEGUN
    takes_less = refund.amount < (seen.amount or 0) and refund.currency == seen.currency and seen.status != "failed"
    return is_adopted and takes_less and standing_of(refund.payment_id).total > 0


def adopt_anew(short: Refund, payment: Payment, invoices: Mapping[int, Invoice], seen: RefundState) -> Refund | None:
    """Give up the row of a short one, whose money comes again, for one that takes all of it."""
    short.processor_refund = None
    _take_back(short, "replaced")
    db.session().flush()  # the name is free before the new row takes it
    audit.record(PROCESSOR, "refund.replaced", short.public_id, short.account_id, refund=seen.refund_id)
    return adopt(payment, invoices, seen)


def claim_look(public_id: str, planned: datetime) -> bool:
    """Take a planned look for this process and plan the next one; False where another was quicker."""
    now = clock.now()
    return claim(Refund, public_id, planned, lambda row: now + pause(row.checks + 1))


def _made_by_form(viewer: Viewer, form_key: str) -> Refund | None:
    made = select(Refund).where(Refund.requested_by == viewer.person_id, Refund.form_key == form_key)
    return db.session().scalar(made.options(selectinload(Refund.parts)))


def _locked(public_id: str) -> tuple[Refund, Payment, dict[int, Invoice]]:
    of = select(Payment.public_id).join(Refund, Refund.payment_id == Payment.id).where(Refund.public_id == public_id)
    payment_id = db.session().scalar(of)
    if payment_id is None:
        raise NotFound
    payment, invoices = locked(payment_id)
    row = select(Refund).where(Refund.public_id == public_id).options(selectinload(Refund.parts))
    return db.session().scalars(row.execution_options(populate_existing=True)).one(), payment, invoices
