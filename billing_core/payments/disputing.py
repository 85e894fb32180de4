"""Disputes: the cardholder's bank takes money back, and perhaps returns it. Verbs for `db.perform` use these functions.

Opened, the allocation is reversed and the invoices count as disputed: not payable, not dunned. Lost leaves them open,
won restores them (domain.md 5). An inquiry moves no money, but the invoices count as disputed too.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db
from billing_core.ledger.models import Invoice
from billing_core.ledger.reversing import bring_back, put_back, standing_of, take_credit
from billing_core.payments import mails, states
from billing_core.payments.gateway import DisputeState, RefundState
from billing_core.payments.models import Dispute, Payment, Refund
from billing_core.payments.moves import PROCESSOR, locked, mark_processed
from billing_core.payments.refunding import adopt, adopt_anew, is_short, learn_refund

DISPUTE, DISPUTE_WON = "dispute", "dispute_won"
"""Kinds of the ledger's rows."""


def learn_money_back(
    public_id: str, refunds: Sequence[RefundState], disputes: Sequence[DisputeState], event_id: str | None = None
) -> Payment:
    """Bring refunds and disputes of a payment into line with what the processor says. Raises NotFound.

    However often and in whatever order the news comes, the end is the same.
    """
    payment, invoices = locked(public_id)
    if event_id is not None:
        mark_processed(event_id)
    if payment.state not in states.MAY_GO_BACK:
        return payment
    for refund in refunds:
        _learn_refund(payment, invoices, refund)
    for dispute in disputes:
        _learn_dispute(payment, invoices, dispute)
    return payment


def _learn_refund(payment: Payment, invoices: Mapping[int, Invoice], seen: RefundState) -> None:
    found = _known(Refund.processor_refund == seen.refund_id)
    if found is None and seen.reference:
        found = _known(Refund.public_id == seen.reference, Refund.processor_refund.is_(None))
        if found is not None and (found.payment_id, found.state) != (payment.id, states.BEGUN):
            found = None
    if found is None and seen.status != "failed":
        found = adopt(payment, invoices, seen)
    elif found is not None and is_short(found, seen):
        found = adopt_anew(found, payment, invoices, seen)
    if found is not None:
        learn_refund(found, payment, invoices, seen)


def _known(*conditions: ColumnElement[bool]) -> Refund | None:
    row = select(Refund).where(*conditions).options(selectinload(Refund.parts))
    return db.session().scalar(row.execution_options(populate_existing=True))


def _learn_dispute(payment: Payment, invoices: Mapping[int, Invoice], seen: DisputeState) -> None:
    row = select(Dispute).where(Dispute.processor_dispute == seen.dispute_id)
    dispute = db.session().scalar(row.execution_options(populate_existing=True))
    if dispute is None:
        dispute = _open(payment, seen)
        mails.tell_disputed(dispute, payment, invoices, seen)
    dispute.answer_by = seen.answer_by
    if seen.status in ("disputed", "won", "lost") and dispute.state == states.INQUIRY:
        dispute.state = states.DISPUTE.after(dispute.state, "dispute")
    if dispute.state in (states.DISPUTED, states.LOST):
        _take_back(dispute, payment, invoices, seen)
    if seen.status == "won" and states.DISPUTE.allows(dispute.state, "win"):
        for reference in dispute.references:
            bring_back(DISPUTE, reference, DISPUTE_WON)
        _close(dispute, "win")
    elif seen.status == "lost" and states.DISPUTE.allows(dispute.state, "lose"):
        _close(dispute, "lose")
    elif seen.status == "closed" and dispute.state == states.INQUIRY:
        _close(dispute, "close")


def _open(payment: Payment, seen: DisputeState) -> Dispute:
    dispute = Dispute(
        public_id=db.public_id("dsp"), account_id=payment.account_id, payment_id=payment.id,
        processor_dispute=seen.dispute_id, state=states.INQUIRY, amount=0, takes=0, currency=payment.currency,
        reason=seen.reason[:60], answer_by=seen.answer_by, opened_at=clock.now(),
    )  # fmt: skip
    db.session().add(dispute)
    db.session().flush()
    audit.record(
        PROCESSOR, "dispute.opened", dispute.public_id, payment.account_id, payment=payment.public_id,
        dispute=seen.dispute_id, amount=seen.amount, currency=seen.currency, reason=seen.reason,
    )  # fmt: skip
    return dispute


def _take_back(dispute: Dispute, payment: Payment, invoices: Mapping[int, Invoice], seen: DisputeState) -> None:
    """The bank took the money: the invoices owe it again, those billed last first; what is left comes from credit."""
    left = standing_of(payment.id)
    wanted = left.total if seen.amount is None else seen.amount - dispute.amount
    rest = taken_back = min(wanted, left.total)
    if rest <= 0:
        return
    dispute.amount += taken_back
    dispute.takes += 1
    reference = dispute.references[-1]
    for invoice_id, standing in sorted(left.invoices.items(), reverse=True):
        taken = min(rest, standing, invoices[invoice_id].reopenable)
        if taken > 0:
            put_back(invoices[invoice_id], taken, DISPUTE, reference, payment.id)
            rest -= taken
    if rest:
        take_credit(payment.account_id, payment.currency, rest, DISPUTE, reference, payment.id)
    audit.record(PROCESSOR, "dispute.withdrawn", dispute.public_id, dispute.account_id, booked=taken_back)


def _close(dispute: Dispute, event: str) -> None:
    dispute.state = states.DISPUTE.after(dispute.state, event)
    dispute.closed_at = clock.now()
    audit.record(PROCESSOR, f"dispute.{dispute.state}", dispute.public_id, dispute.account_id)
