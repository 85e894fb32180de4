"""Money that does not come by card: finance books what came in, and account credit pays invoices.

Where that leaves an open card attempt without anything to pay, the attempt is ended at the processor, by a job, because
nobody should pay the same money twice. Each function is one verb for `db.perform`.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, jobs
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.ledger import incoming as ledger
from billing_core.ledger import reversing
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import IncomingPayment, IncomingReturn, Invoice
from billing_core.ledger.service import is_booked, lock_account, lock_invoices
from billing_core.orders.online.queries import credit_free
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.payments.queries import disputed_among, held_on
from billing_core.payments.refusals import InvoiceDisputed, InvoicePaid, PaymentUnderWay, shown
from billing_core.payments.states import UNDER_WAY
from billing_core.permissions import Right, Viewer, demand_staff
from billing_core.words import mark

LONGEST_REASON = 300
WITHDRAW = "payment.withdraw"
"""The job kind; its argument is payment."""


class BookingFormUsed(Refusal):
    """The same form was sent before, with another amount."""

    message = mark("This form was already used for another amount. Nothing more was booked. Open the account again.")


class NoCredit(Refusal):
    """The account has no credit that could be used."""

    message = mark("There is no account credit left. Nothing was changed.")


class CreditNotPossible(Invalid):
    """More than there is, or more than is open."""

    message = mark("Enter an amount from %(least)s to %(most)s.")


def account_for_finance(viewer: Viewer, public_id: str) -> Account:
    """Any account, with its seller, for finance alone. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    if not db.is_storable(public_id):
        raise NotFound
    named = select(Account).where(Account.public_id == public_id).options(joinedload(Account.seller))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return found


def book_incoming(viewer: Viewer, account_public_id: str, incoming: Money, form_key: str) -> IncomingPayment:
    """Book money that came in and allocate it; what no invoice takes becomes account credit, never lost.

    The same form again returns what it booked. Raises NotFound, NotAllowed, BookingFormUsed and Invalid.
    """
    account = account_for_finance(viewer, account_public_id)
    ledger.check_money(incoming, clock.today(account.seller.timezone))
    lock_account(account.id)
    same = (IncomingPayment.booked_by == viewer.person_id, IncomingPayment.form_key == form_key)
    earlier = db.session().scalar(select(IncomingPayment).where(*same))
    if earlier is not None:
        if (earlier.account_id, earlier.amount) != (account.id, incoming.amount):
            raise BookingFormUsed
        return earlier
    booked, done = ledger.put_down(account, incoming, viewer.person_id, form_key)
    audit.record(
        viewer.actor, "incoming.booked", booked.public_id, account.id, amount=booked.amount, method=booked.method,
        invoices={share.invoice.number: share.amount for share in done.shares}, credited=done.rest,
    )  # fmt: skip
    end_needless_attempts(share.invoice for share in done.shares)
    return booked


def return_incoming(viewer: Viewer, incoming: str, reason: str) -> IncomingPayment:
    """Undo a booking: the bank took the money back (a returned debit, a bounced cheque), or it was booked by mistake.

    Its invoices owe it again, and credit that came from it is taken back, even where it was used. Once only; again
    changes nothing. Raises NotAllowed, NotFound and Invalid.
    """
    demand_staff(viewer, "finance")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(mark("Enter the reason in at most %(max)d characters."), field="reason", max=LONGEST_REASON)
    named = select(IncomingPayment).where(IncomingPayment.public_id == incoming)
    booked = db.session().scalar(named)
    if booked is None:
        raise NotFound
    lock_account(booked.account_id)
    if db.session().scalar(select(IncomingReturn.id).where(IncomingReturn.incoming_id == booked.id)) is not None:
        return booked
    why, now = reason.strip(), clock.now()
    db.session().add(IncomingReturn(incoming_id=booked.id, reason=why, booked_by=viewer.person_id, booked_at=now))
    reversing.return_incoming(booked)
    about = {"amount": booked.amount, "reason": why}
    audit.record(viewer.actor, "incoming.returned", booked.public_id, booked.account_id, **about)
    return booked


def use_credit(viewer: Viewer, invoice_public_id: str, amount: int | None, form_key: str) -> Invoice:
    """Pay (a part of) an invoice from account credit; `amount` None is as much as possible.

    For finance, and for a contact with the right to pay (domain.md 5). The same form again changes nothing. Raises
    NotFound, NotAllowed, InvoicePaid, InvoiceDisputed, NoCredit, PaymentUnderWay and CreditNotPossible.
    """
    invoice = _payable_invoice(viewer, invoice_public_id)
    lock_account(invoice.account_id)
    (invoice,) = lock_invoices([invoice.id])
    reference = f"{viewer.public_id}.{form_key}"
    if is_booked(invoice, ledger.CREDIT, reference):
        return invoice
    currency, held = invoice.currency, held_on(invoice.id)
    credit = credit_free(invoice.account_id, currency)
    if invoice.balance == 0:
        raise InvoicePaid
    if disputed_among([invoice.id]):
        raise InvoiceDisputed
    if credit == 0:
        raise NoCredit
    most = min(credit, invoice.balance - held)
    if most <= 0:
        raise PaymentUnderWay(held=shown(held, currency))
    wanted = most if amount is None else amount
    if not 0 < wanted <= most:
        raise CreditNotPossible(field="amount", least=shown(1, currency), most=shown(most, currency))
    ledger.use(invoice, wanted, reference)
    audit.record(viewer.actor, "credit.used", invoice.public_id, invoice.account_id, amount=wanted)
    return invoice


def _payable_invoice(viewer: Viewer, public_id: str) -> Invoice:
    """The invoice, if the viewer exists for it at all and may pay it."""
    named = select(Invoice).where(Invoice.public_id == public_id)
    if not viewer.is_staff("finance"):
        named = named.where(Invoice.account_id.in_(sorted(viewer.account_ids)))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    if not (viewer.is_staff("finance") or viewer.may(Right.PAY, found.account_id)):
        raise NotAllowed
    return found


def end_needless_attempts(invoices: Iterable[Invoice]) -> None:
    """Ask for the end of the attempts on invoices that no longer owe what is held."""
    over = [invoice.id for invoice in invoices if held_on(invoice.id) > invoice.balance]
    waiting = (
        select(Payment.public_id)
        .join(PaymentTarget)
        .where(PaymentTarget.invoice_id.in_(over), PaymentTarget.holds, Payment.state.in_(UNDER_WAY))
    )
    for public_id in db.session().scalars(waiting.distinct()):
        jobs.enqueue(WITHDRAW, once_key=f"{WITHDRAW}:{public_id}", payment=public_id)
