"""Money that leaves again: a refund, a dispute, a returned debit. New rows undo a part of earlier ones.

Locks as in `service`: the account and all invoices that are touched, which the account's lock makes safe in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from billing_core import db
from billing_core.ledger.incoming import CREDIT, INCOMING, USED, credit_of
from billing_core.ledger.models import Allocation, CreditEntry, IncomingPayment, Invoice
from billing_core.ledger.service import (
    allocate,
    credit_reference,
    leave_as_credit,
    lock_invoices,
    move_balance,
    take_off,
)

RETURNED = "returned"
"""The kind of the rows that undo a booking of finance."""


@dataclass(frozen=True)
class Standing:
    """What is left of a payment's money: by invoice id, and as account credit. Both may have been reduced by reversals.

    `credited` is below zero where credit that came otherwise was sent back through this payment.
    """

    invoices: dict[int, int]
    credited: int

    @property
    def total(self) -> int:
        """What the customer has not got back."""
        return sum(self.invoices.values()) + self.credited


def standing_of(payment_id: int) -> Standing:
    """What is left of the payment. Two statements."""
    sums = select(Allocation.invoice_id, func.sum(Allocation.amount)).where(Allocation.payment_id == payment_id)
    found = db.session().execute(sums.group_by(Allocation.invoice_id).order_by(Allocation.invoice_id))
    left = {invoice_id: int(amount) for invoice_id, amount in found if amount}
    credited = select(func.coalesce(func.sum(CreditEntry.amount), 0)).where(CreditEntry.payment_id == payment_id)
    return Standing(left, int(db.session().scalar(credited) or 0))


def put_back(invoice: Invoice, amount: int, kind: str, reference: str, payment_id: int | None = None) -> None:
    """Raise the balance of a locked invoice by money that left again; once for a kind and reference, by constraint."""
    take_off(invoice, -amount, kind, reference, payment_id)
    db.session().flush()
    move_balance(invoice.account_id, invoice.currency, opened=amount)


def take_credit(
    account_id: int, currency: str, amount: int, kind: str, reference: str, payment_id: int | None = None
) -> None:
    """Take money out of a locked account's credit. What invoices have used of it is undone first, the newest first."""
    missing = amount - credit_of(account_id, currency)
    if missing > 0:
        _free(account_id, currency, missing, reference)
    leave_as_credit(account_id, currency, -amount, kind, reference, payment_id)
    db.session().flush()
    move_balance(account_id, currency, credited=-amount)


def _free(account_id: int, currency: str, missing: int, reference: str) -> None:
    """Make so much credit anew by reopening invoices: those that credit has paid, then any that money has paid."""
    for used_credit in (True, False):
        for invoice_id, paid in _paid_by_money(account_id, currency, used_credit=used_credit):
            (invoice,) = lock_invoices([invoice_id])
            freed = min(missing, paid, invoice.reopenable)
            if freed <= 0:
                continue
            named = f"{reference}/{'u' if used_credit else 'p'}"
            take_off(invoice, -freed, CREDIT, named)
            leave_as_credit(account_id, currency, freed, USED, credit_reference(invoice, named))
            db.session().flush()
            move_balance(account_id, currency, opened=freed, credited=freed)
            missing -= freed
    if missing > 0:
        raise ValueError(f"{missing} {currency} more would leave than ever came to account {account_id}")


def _paid_by_money(account_id: int, currency: str, *, used_credit: bool) -> Sequence[tuple[int, int]]:
    """Invoices and what account credit (or any money; never a credit note) has paid on them, the newest first."""
    kinds = Allocation.kind == CREDIT if used_credit else Allocation.kind != "credit_note"
    sums = select(Allocation.invoice_id, func.sum(Allocation.amount)).where(
        Allocation.account_id == account_id, Allocation.currency == currency, kinds
    )
    found = db.session().execute(sums.group_by(Allocation.invoice_id).order_by(Allocation.invoice_id.desc())).all()
    return [(invoice_id, int(paid)) for invoice_id, paid in found]


def bring_back(kind: str, reference: str, new_kind: str) -> None:
    """Undo a reversal: what it took comes again as `new_kind`; as credit, where the invoice was paid meanwhile."""
    taken = select(Allocation).where(Allocation.kind == kind, Allocation.reference == reference, Allocation.amount < 0)
    rows = db.session().scalars(taken.order_by(Allocation.invoice_id)).all()
    invoices = {invoice.id: invoice for invoice in lock_invoices([row.invoice_id for row in rows])}
    for row in rows:
        allocate(invoices[row.invoice_id], -row.amount, new_kind, reference, row.payment_id)
    entries = select(CreditEntry).where(CreditEntry.kind == kind, CreditEntry.reference == reference)
    for entry in db.session().scalars(entries).all():
        leave_as_credit(entry.account_id, entry.currency, -entry.amount, new_kind, reference, entry.payment_id)
        db.session().flush()
        move_balance(entry.account_id, entry.currency, credited=-entry.amount)


def return_incoming(incoming: IncomingPayment) -> None:
    """Undo what a booking of finance did, on a locked account: the bank took the money back, or it never came."""
    mine = select(Allocation).where(Allocation.kind == INCOMING, Allocation.reference == incoming.public_id)
    rows = db.session().scalars(mine.order_by(Allocation.invoice_id)).all()
    invoices = {invoice.id: invoice for invoice in lock_invoices([row.invoice_id for row in rows])}
    from_credit = incoming.amount - sum(row.amount for row in rows)
    for row in rows:
        invoice = invoices[row.invoice_id]
        back = min(row.amount, invoice.reopenable)
        from_credit += row.amount - back
        if back:
            put_back(invoice, back, RETURNED, incoming.public_id)
    if from_credit:
        take_credit(incoming.account_id, incoming.currency, from_credit, RETURNED, incoming.public_id)
