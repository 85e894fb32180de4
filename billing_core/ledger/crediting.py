"""Credit notes: corrections in the customer's favour. They stand beside the invoices, which never change.

Locks as in `service`: account, the invoice, the number series last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert

from billing_core import audit, clock, db, numbering
from billing_core.errors import Invalid
from billing_core.ledger.calculation import LineDraft, Totals, sum_up
from billing_core.ledger.correcting import Plan
from billing_core.ledger.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice
from billing_core.ledger.service import (
    BillTo,
    leave_as_credit,
    lock_account,
    lock_invoices,
    move_balance,
    rows_of,
    take_off,
)
from billing_core.sellers.letterhead import Letterhead
from billing_core.words import mark


class NothingToCredit(Invalid):
    """A credit note's amounts are positive, and so is their sum; that of an online order may charge something too."""

    message = mark("A credit note needs lines whose amounts are above zero.")


class WrongInvoice(Invalid):
    """Only an invoice of the same account and currency can be credited."""

    message = mark("The credit note and the invoice that it names must agree on account and currency.")


@dataclass(frozen=True)
class CreditNoteDraft:
    """Everything a credit note says, before it has a number. Amounts are positive: what is credited.

    `cause` is the public id of what brought it about. `invoice_id` is the invoice whose open balance it reduces first.
    With a `plan` it corrects that invoice: lines and sums are the plan's.
    """

    cause: str
    account_id: int
    seller_id: int
    seller_code: str
    contact_id: int | None
    invoice_id: int | None
    currency: str
    locale: str
    issued_on: date
    bill_to: BillTo
    issued_by: Letterhead
    lines: Sequence[LineDraft]
    plan: Plan | None = None
    user_id: str = ""
    title: str = ""
    reason: str = ""
    po_number: str = ""
    quote_number: str = ""
    order_number: str = ""
    stays_credit: bool = False
    """The sum of an online order, in which a line may be negative: what it charges beside what it credits."""


def issue_credit_note(draft: CreditNoteDraft, actor: str) -> CreditNote:
    """Issue the credit note: written whole, then numbered in a series of its own. Takes the account's lock first.

    Raises NothingToCredit, AmountTooLarge and WrongInvoice.
    """
    note = write_credit_note(draft)
    number_credit_note(note, draft.seller_code, actor)
    return note


def write_credit_note(draft: CreditNoteDraft) -> CreditNote:
    """The sums and rows of a credit note, and what it does to balances; `number_credit_note` must follow.

    It reduces the open balance of the invoice that it names, and what is left becomes account credit (domain.md 5).
    A correction counts as credited on its invoice; the caller has planned it under the locks. Takes the locks of
    account and invoice. Until it is numbered its public id stands in the number's place. A cause credits once, by a
    unique constraint. Raises NothingToCredit, AmountTooLarge and WrongInvoice.
    """
    totals = draft.plan.totals if draft.plan else sum_up(draft.lines)
    if totals.total <= 0 or (not draft.stays_credit and min(line.net for line in draft.lines) <= 0):
        raise NothingToCredit
    lock_account(draft.account_id)
    invoice = _credited_invoice(draft)
    note = _credit_note(draft, totals, db.public_id("crn"))
    db.session().add(note)
    db.session().flush()
    rows = rows_of("credit_note_id", note.id, draft.lines, totals)
    for table, found in zip((CreditNoteLine, CreditNoteTax), rows, strict=True):
        db.session().execute(insert(table), found)
    if invoice and draft.plan:
        invoice.credited += note.total
    allocated = min(note.total, invoice.balance) if invoice else 0
    if invoice and allocated:
        take_off(invoice, allocated, "credit_note", note.public_id)
    if note.total > allocated:
        leave_as_credit(note.account_id, note.currency, note.total - allocated, "credit_note", note.public_id)
    db.session().flush()
    move_balance(note.account_id, note.currency, opened=-allocated, credited=note.total - allocated)
    return note


def _credited_invoice(draft: CreditNoteDraft) -> Invoice | None:
    if draft.invoice_id is None:
        return None
    (invoice,) = lock_invoices([draft.invoice_id])
    if (invoice.account_id, invoice.currency) != (draft.account_id, draft.currency):
        raise WrongInvoice
    if draft.plan and draft.plan.invoice_id != invoice.id:
        raise WrongInvoice
    return invoice


def _credit_note(draft: CreditNoteDraft, totals: Totals, public_id: str) -> CreditNote:
    said = {name: getattr(draft, name) for name in CreditNoteDraft.__dataclass_fields__}
    for name in ("lines", "plan", "seller_code", "bill_to", "issued_by"):
        del said[name]
    return CreditNote(
        public_id=public_id, number=public_id, issued_at=clock.now(), net=totals.net, tax=totals.tax,
        total=totals.total, bill_to=draft.bill_to.to_bytes(), issued_by=draft.issued_by.to_bytes(), **said,
    )  # fmt: skip


def number_credit_note(note: CreditNote, seller_code: str, actor: str) -> None:
    """Give a written credit note the next number of its seller's series for the year, and note the issue."""
    series = numbering.series("CN", seller_code, note.issued_on.year)
    note.number = numbering.spell(series, numbering.take(series))
    db.session().flush()
    audit.record(
        actor, "credit_note.issued", note.public_id, note.account_id, number=note.number, total=note.total
    )  # fmt: skip
