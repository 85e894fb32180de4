"""What money does for the online orders that a payment is meant for. Parts of the verbs in `moves`, under their locks.

The settling transaction issues the order's invoice, uses account credit, books the money and carries the order out. An
order that cannot be carried out never undoes the booking: its money becomes account credit, and finance is told.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from billing_core import audit, db, words
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import Booking, allocate, leave_as_credit, move_balance
from billing_core.mail.service import BadRecipient
from billing_core.orders.online import mails, settling
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.settling import Applied
from billing_core.payments.models import Payment, PaymentTarget

log = logging.getLogger(__name__)

PROCESSOR = "processor"


@dataclass(frozen=True)
class Outcome:
    """What became of an order when its money came; not applied, it has no invoice."""

    target: PaymentTarget
    order: OnlineOrder
    applied: Applied | None


def carry_out(payment: Payment, invoices: dict[int, Invoice], *, is_enough: bool = True) -> list[Outcome]:
    """Carry out the orders of a payment that is being booked; the invoices that they bring join the others.

    Without `is_enough` less came than was asked for, and no order is carried out. Raises only what `perform` repeats.
    """
    outcomes = []
    for target in payment.targets:
        if target.order_id is None or target.invoice_id is not None:
            continue
        applied = _try(target.order_id) if is_enough else TOO_LITTLE
        if isinstance(applied, str):
            order = _locked(target.order_id)
            settling.set_apart(order, PROCESSOR, applied)
            outcomes.append(Outcome(target, order, None))
            continue
        if applied.invoice is not None:
            target.invoice_id = applied.invoice.id
            invoices[applied.invoice.id] = applied.invoice
        outcomes.append(Outcome(target, applied.order, applied))
    return outcomes


TOO_LITTLE = "Less money came than was asked for."


def _locked(order_id: int) -> OnlineOrder:
    return settling.locked([order_id])[order_id]


def _try(order_id: int) -> Applied | str:
    """The order, carried out; or why it could not be, with nothing of it left."""
    try:
        with db.savepoint():
            return settling.apply(_locked(order_id), PROCESSOR)
    except Refusal as refusal:
        with words.in_language(mails.FINANCE_READS):
            return words.sentence(refusal)
    except Exception as error:
        if isinstance(error, DBAPIError) and db.is_retryable(error):
            raise
        log.exception("online order %s could not be carried out although its money came", order_id)
        return type(error).__name__


def book(payment: Payment, target: PaymentTarget, amount: int, invoices: dict[int, Invoice], intent: str) -> Booking:
    """Book so much of the money on what the target is meant for; as account credit where it has no invoice."""
    if target.invoice_id is not None:
        return allocate(invoices[target.invoice_id], amount, "card", intent, payment.id)
    keep_as_credit(payment, amount, f"{intent}/order-{target.order_id}")
    return Booking(credited=amount)


def keep_as_credit(payment: Payment, amount: int, reference: str) -> None:
    """Money of a payment that no invoice takes; finance can send it back through the payment."""
    leave_as_credit(payment.account_id, payment.currency, amount, "overpayment", reference, payment.id)
    db.session().flush()
    move_balance(payment.account_id, payment.currency, credited=amount)


def conclude(payment: Payment, outcomes: Sequence[Outcome], invoices: dict[int, Invoice]) -> None:
    """Numbers and mails, when all money is booked: one mail to the payer about all of it."""
    for outcome in outcomes:
        if outcome.applied is not None:
            settling.complete(outcome.applied, PROCESSOR)
    for outcome in outcomes:
        try:
            _tell(payment, outcome, invoices)
        except BadRecipient:
            log.error("payment %s is booked, but its receipt has no address", payment.public_id)
            audit.record(PROCESSOR, "payment.receipt_failed", payment.public_id, payment.account_id)


def _tell(payment: Payment, outcome: Outcome, invoices: dict[int, Invoice]) -> None:
    collected = [
        (invoices[target.invoice_id], target.amount)
        for target in payment.targets
        if target.order_id is None and target.invoice_id is not None
    ]
    if outcome.applied is not None:
        mails.confirm(
            outcome.applied, card=payment.card, reference=payment.public_id, paid=payment.amount, collected=collected
        )  # fmt: skip
        return
    mails.tell_finance(outcome.order, outcome.target.amount, payment.public_id)
    mails.tell_unapplied(outcome.order, outcome.target.amount, payment.card, payment.public_id)


def give_up(payment: Payment, actor: str, why: str) -> None:
    """The payment has ended without money, or its money goes back: its orders are over."""
    for target in payment.targets:
        if target.order_id is not None and target.invoice_id is None:
            settling.void(_locked(target.order_id), actor, why)
