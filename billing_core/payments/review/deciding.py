"""What a decision of finance does: each function is one verb for `db.perform`, and none talks to the processor.

The finding that a decision is about was put down by a look right before it. Locks as in `moves.locked`.
"""

from collections.abc import Mapping, Sequence

from billing_core import clock, db
from billing_core.errors import Invalid
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import allocate, credit_reference
from billing_core.payments import fulfilling, moves, states
from billing_core.payments.limits import needs_approval
from billing_core.payments.models import Payment, PaymentTarget, Refund
from billing_core.payments.queries import held_on
from billing_core.payments.refunding import begin, note_asked, sent_alone
from billing_core.payments.review import finding
from billing_core.payments.review.finding import CLOSE, GIVE_BACK, TAKE_IN, Finding
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.review.refusals import AlreadyDecided, FindingChanged, NotPossibleNow
from billing_core.permissions import Viewer, demand_staff
from billing_core.words import mark

LONGEST_NOTE = 300


def note_finding(public_id: str, found: Finding) -> Finding:
    """Put down what a look found, while the payment waits; what was decided is not touched. Raises NotFound."""
    payment, _ = moves.locked(public_id)
    if payment.state == states.NEEDS_REVIEW:
        finding.keep(payment, found)
    return found


def take_in(viewer: Viewer, public_id: str, seen: str, note: str, *, livemode: bool) -> Payment:
    """Book what came instead of what was asked for: off the payment's invoices, and the rest as account credit.

    `seen` is the fingerprint of what the page showed. The same decision again changes nothing. Raises NotAllowed,
    NotFound, Invalid, AlreadyDecided, FindingChanged and NotPossibleNow.
    """
    payment, invoices, found = _opened(viewer, public_id, TAKE_IN, seen, note, livemode=livemode)
    if found is None:
        return payment
    if found.received is None or found.intent_id is None:
        raise NotPossibleNow
    asked = payment.amount
    payment.processor_session, payment.processor_intent = found.session_id or None, found.intent_id
    payment.card_brand, payment.card_last4 = found.card_brand, found.card_last4
    payment.settled_at, payment.amount = clock.now(), found.received
    moves.release(payment)
    outcomes = fulfilling.carry_out(payment, invoices, is_enough=found.received >= asked)
    shares, rest = _shares(payment.targets, invoices, found.received)
    told = _kept(payment.targets, shares, rest)
    _book(payment, invoices, shares, rest)
    moves.leave_review(
        payment, TAKE_IN, viewer.person_id, note.strip(), viewer.actor,
        asked=asked, received=found.received, credited=rest, intent=found.intent_id,
    )  # fmt: skip
    db.session().get_one(PaymentReview, payment.id).credited = rest
    if outcomes:
        fulfilling.conclude(payment, outcomes, invoices)
    else:
        moves.send_receipt(payment, [invoices[target.invoice_id] for target in told if target.invoice_id is not None])
    return payment


def _shares(
    targets: Sequence[PaymentTarget], invoices: Mapping[int, Invoice], amount: int
) -> tuple[dict[int, int], int]:
    """How much each target's invoice gets, by the target's id: first what was meant for it, then what else it can take.

    And what is left; an order that could not be carried out has no invoice and gets nothing.
    """
    payable = {
        t.id: max(invoices[t.invoice_id].balance - held_on(t.invoice_id), 0) if t.invoice_id is not None else 0
        for t in targets
    }
    shares = dict.fromkeys(payable, 0)
    left = amount
    for most in ({t.id: t.amount for t in targets}, payable):
        for at in payable:
            more = min(left, max(min(most[at], payable[at]) - shares[at], 0))
            shares[at] += more
            left -= more
    return shares, left


def _book(payment: Payment, invoices: Mapping[int, Invoice], shares: Mapping[int, int], rest: int) -> None:
    """The rows of the ledger; what is meant for each invoice becomes what it got, the first one's with the rest."""
    intent, first = payment.processor_intent or "", payment.targets[0]
    for target in payment.targets:
        share = shares[target.id]
        if share and target.invoice_id is not None:
            allocate(invoices[target.invoice_id], share, "card", intent, payment.id)
        target.amount = share + (rest if target is first else 0)
        if not target.amount:
            db.session().delete(target)
    if rest:
        named = f"{intent}/order-{first.order_id}"
        if first.invoice_id is not None:
            named = credit_reference(invoices[first.invoice_id], intent)
        fulfilling.keep_as_credit(payment, rest, named)


def _kept(targets: Sequence[PaymentTarget], shares: Mapping[int, int], rest: int) -> list[PaymentTarget]:
    return [target for target in targets if shares[target.id] or (rest and target is targets[0])]


def give_back(viewer: Viewer, public_id: str, seen: str, note: str, *, livemode: bool) -> Refund | None:
    """Ask for all that is left of it to go back to the card; above the limit a second person approves.

    It was never booked, so the refund has no parts and no rows in the ledger. None where it was decided so before.
    Raises as `take_in`.
    """
    payment, invoices, found = _opened(viewer, public_id, GIVE_BACK, seen, note, livemode=livemode)
    if found is None:
        return None
    if found.intent_id is None or found.left <= 0:
        raise NotPossibleNow
    payment.processor_intent = found.intent_id
    payment.card_brand, payment.card_last4 = found.card_brand, found.card_last4
    refund = Refund(
        public_id=db.public_id("ref"), account_id=payment.account_id, payment_id=payment.id, state=states.AWAITING,
        amount=found.left, currency=found.currency, reason=note.strip(), requested_by=viewer.person_id,
        form_key=db.public_id("review"), created_at=clock.now(), checks=0, parts=[],
    )  # fmt: skip
    alone = not needs_approval(sent_alone(payment) + refund.amount, refund.currency)
    db.session().add(refund)
    db.session().flush()
    note_asked(refund, payment, viewer.actor)
    if alone:
        moves.leave_review(payment, GIVE_BACK, viewer.person_id, refund.reason, viewer.actor)
        begin(refund, invoices, viewer.actor)
    return refund


def close(viewer: Viewer, public_id: str, seen: str, note: str, *, livemode: bool) -> Payment:
    """Close it without money: none came, none that is real, or none that is left. Raises as `take_in`."""
    payment, _, found = _opened(viewer, public_id, CLOSE, seen, note, livemode=livemode)
    if found is not None:
        if found.status == "open":
            raise NotPossibleNow
        moves.leave_review(payment, CLOSE, viewer.person_id, note.strip(), viewer.actor)
    return payment


def _opened(
    viewer: Viewer, public_id: str, decision: str, seen: str, note: str, *, livemode: bool
) -> tuple[Payment, dict[int, Invoice], Finding | None]:
    """The locked payment with the finding to decide about; none where this very decision was made before."""
    demand_staff(viewer, "finance")
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise Invalid(mark("Enter the reason in at most %(max)d characters."), field="note", max=LONGEST_NOTE)
    payment, invoices = moves.locked(public_id)
    review = db.session().get(PaymentReview, payment.id, populate_existing=True)
    if review is None:
        raise FindingChanged
    found = finding.of_review(review)
    if payment.state != states.NEEDS_REVIEW:
        if (review.decision, review.decided_by, found.fingerprint) == (decision, viewer.person_id, seen):
            return payment, invoices, None
        raise AlreadyDecided
    if found.fingerprint != seen:
        raise FindingChanged
    if decision not in finding.possible(payment, found, livemode=livemode):
        raise NotPossibleNow
    return payment, invoices, found
