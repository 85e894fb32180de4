"""The verb of finance's desk that is no booking: a credit note that corrects an invoice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.documents.service import request_document
from billing_core.errors import Invalid
from billing_core.ledger.correcting import Part, Plan
from billing_core.ledger.crediting import CreditNoteDraft, number_credit_note, write_credit_note
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.service import BillTo, lock_account, lock_invoices
from billing_core.payments.booking import end_needless_attempts
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Viewer
from billing_core.sellers.letterhead import Letterhead
from billing_core.words import mark
from corporate_portal.finance.queries.crediting import invoice_frame, invoice_to_credit
from corporate_portal.finance.refusals import CreditFormUsed, StalePreview
from corporate_portal.invoices.service import send_credit_note

LONGEST_REASON = 300


@dataclass(frozen=True)
class Wish:
    """What finance wants to credit: parts of lines by their position, and why, in words for the customer."""

    parts: Mapping[int, Part]
    reason: str


@dataclass(frozen=True)
class Seen:
    """What the page said before the clerk confirmed: the total, and how much of it comes off the open balance."""

    total: int
    allocated: int


def credit_invoice(viewer: Viewer, public_id: str, wish: Wish, form_key: str, seen: Seen | None = None) -> CreditNote:
    """Issue a credit note that corrects the invoice: its open balance first, the rest becomes account credit.

    One verb for `db.perform`, for finance alone; with PDF, mail and the end of card attempts that became needless. The
    same form again returns its credit note. Locks account, invoice and number series. Raises NotFound, NotAllowed,
    CreditFormUsed, StalePreview, CreditedInFull, and Invalid whose field names the line's position.
    """
    check_reason(wish.reason)
    frame = invoice_frame(viewer, public_id)
    lock_account(frame.account_id)
    lock_invoices([frame.id])
    cause = f"{viewer.public_id}.{form_key}"
    earlier = db.session().scalar(select(CreditNote).where(CreditNote.cause == cause))
    if earlier is not None:
        if earlier.invoice_id != frame.id or (seen is not None and seen.total != earlier.total):
            raise CreditFormUsed
        return earlier
    left = invoice_to_credit(viewer, public_id)
    plan = left.plan(wish.parts)
    if seen not in (None, Seen(plan.totals.total, plan.allocated)):
        raise StalePreview
    return _issue(left.invoice, plan, wish.reason.strip(), cause, viewer.actor)


def check_reason(reason: str) -> None:
    """Raise Invalid where the customer would not be told why."""
    if not reason.strip():
        raise Invalid(
            mark("Say why the invoice is credited. The customer reads it on the credit note."), field="reason"
        )
    if len(reason) > LONGEST_REASON:
        raise Invalid(mark("Please use at most %(max)d characters."), field="reason", max=LONGEST_REASON)


def _issue(invoice: Invoice, plan: Plan, reason: str, cause: str, actor: str) -> CreditNote:
    account, seller = invoice.account, invoice.seller
    contact = _addressee(invoice)
    note = write_credit_note(_draft(invoice, plan, reason, cause, contact))
    end_needless_attempts([invoice])
    number_credit_note(note, seller.code, actor)
    _note_in_audit(note, invoice, account, actor)
    if contact is not None:
        send_credit_note(note, invoice, account, contact)
    else:
        request_document(note.public_id, "credit-note", note.locale, f"{note.number}.pdf")
        audit.record(actor, "credit_note.not_mailed", note.public_id, account.id, reason="no active contact")
    return note


def _note_in_audit(note: CreditNote, invoice: Invoice, account: Account, actor: str) -> None:
    audit.record(
        actor, "invoice.credited", invoice.public_id, account.id,
        credit_note=note.number, amount=note.total, reason=note.reason,
    )  # fmt: skip


def _addressee(invoice: Invoice) -> BillingContact | None:
    """The contact to whom the invoice went while still active, else the first of the account's; none without any."""
    contacts = contacts_of(invoice.account_id)
    return next((contact for contact in contacts if contact.id == invoice.contact_id), next(iter(contacts), None))


def _draft(invoice: Invoice, plan: Plan, reason: str, cause: str, contact: BillingContact | None) -> CreditNoteDraft:
    """A credit note of today on the seller's calendar, in the invoice's language and to the company that it names."""
    seller, bill_to = invoice.seller, BillTo.from_bytes(invoice.bill_to)
    return CreditNoteDraft(
        cause=cause,
        account_id=invoice.account_id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id if contact else None,
        invoice_id=invoice.id,
        currency=invoice.currency,
        locale=invoice.locale,
        issued_on=clock.today(seller.timezone),
        bill_to=replace(bill_to, attention=contact.person.name) if contact else bill_to,
        issued_by=Letterhead.of(seller),
        lines=plan.lines,
        plan=plan,
        user_id=contact.user_id if contact else "",
        title=invoice.title,
        reason=reason,
        po_number=invoice.po_number,
        quote_number=invoice.quote_number,
        order_number=invoice.order_number,
    )
