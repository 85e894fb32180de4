"""The verbs of this room: what an order brings about at once, and its later invoices; with documents and mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import audit, clock, db
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.catalogue.models import Product
from billing_core.documents.service import request_document
from billing_core.errors import NotFound
from billing_core.ledger.crediting import CreditNoteDraft, number_credit_note, write_credit_note
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.service import BillTo, InvoiceDraft, LineDraft, lock_account, number_invoice, write_invoice
from billing_core.orders import schedule, states
from billing_core.orders.models import OrderLine, ScheduledInvoice, ServiceOrder
from billing_core.orders.schedule import Period
from billing_core.orders.service import number_order
from billing_core.people import BillingContact, contacts_of
from billing_core.sellers import tax
from billing_core.sellers.letterhead import Letterhead
from billing_core.sellers.tax import TaxDecision
from corporate_portal.invoices import mails


@dataclass(frozen=True)
class OrderBill:
    """What an accepted quote has to be billed at once. The account comes with its seller."""

    account: Account
    title: str
    locale: str
    currency: str
    po_number: str
    quote_number: str
    lines: Sequence[LineDraft]
    payment_days: int
    """As the quote says."""
    credited: Sequence[LineDraft] = ()
    """What the acceptance credits, as positive amounts."""


@dataclass(frozen=True)
class Issued:
    """The documents of one acceptance. There is no invoice where nothing is billed, no credit note without credits."""

    invoice: Invoice | None
    credit_note: CreditNote | None


def issue_for_order(order: ServiceOrder, bill: OrderBill, contact: BillingContact, actor: str) -> Issued:
    """Issue invoice and credit note of an order, ask for their PDFs and mail them to the contact, who has the person.

    The credit note reduces the invoice beside it first; the rest becomes account credit (domain.md 5). Numbers the
    order too: all numbers are taken when every row is written, because only documents and mails need them. Part of the
    accepting transaction: a failure refuses the acceptance. Raises what `write_invoice` and `write_credit_note` raise.
    """
    seller, account = bill.account.seller, bill.account
    invoice = write_invoice(_invoice_draft(account, bill, contact)) if bill.lines else None
    note = write_credit_note(_credit_draft(order, bill, contact, invoice)) if bill.credited else None
    number_order(order, seller, actor)
    if invoice is not None:
        invoice.order_number = order.number
        number_invoice(invoice, seller.code, actor)
        _send_invoice(invoice, account, contact)
    if note is not None:
        note.order_number = order.number
        number_credit_note(note, seller.code, actor)
        send_credit_note(note, invoice, account, contact)
    return Issued(invoice, note)


def _invoice_draft(account: Account, bill: OrderBill, contact: BillingContact | None) -> InvoiceDraft:
    """The invoice of today on the seller's calendar, to be paid in the quote's number of days from now."""
    seller = account.seller
    today = clock.today(seller.timezone)
    starts = [line.period_start for line in bill.lines if line.period_start]
    ends = [line.period_end for line in bill.lines if line.period_end]
    return InvoiceDraft(
        account_id=account.id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id if contact else None,
        currency=bill.currency,
        locale=bill.locale,
        issued_on=today,
        due_on=today + timedelta(days=bill.payment_days),
        bill_to=BillTo.of(account, contact.person.name if contact else ""),
        issued_by=Letterhead.of(seller),
        user_id=contact.user_id if contact else "",
        lines=bill.lines,
        title=bill.title,
        po_number=bill.po_number,
        quote_number=bill.quote_number,
        period_start=min(starts, default=None),
        period_end=max(ends, default=None),
    )


def _credit_draft(
    order: ServiceOrder, bill: OrderBill, contact: BillingContact, invoice: Invoice | None
) -> CreditNoteDraft:
    account, seller = bill.account, bill.account.seller
    return CreditNoteDraft(
        cause=order.public_id,
        account_id=account.id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id,
        invoice_id=invoice.id if invoice else None,
        currency=bill.currency,
        locale=bill.locale,
        issued_on=clock.today(seller.timezone),
        bill_to=BillTo.of(account, contact.person.name),
        issued_by=Letterhead.of(seller),
        lines=bill.credited,
        user_id=contact.user_id,
        title=bill.title,
        po_number=bill.po_number,
        quote_number=bill.quote_number,
    )


def _send_invoice(invoice: Invoice, account: Account, contact: BillingContact) -> None:
    request_document(invoice.public_id, "invoice", invoice.locale, f"{invoice.number}.pdf")
    mails.tell_issued(invoice, account, contact)
    mails.tell_recipients(invoice, account, contact)


def send_credit_note(note: CreditNote, invoice: Invoice | None, account: Account, contact: BillingContact) -> None:
    """Ask for the PDF of a numbered credit note and mail it; `invoice` is the one whose balance it reduced first."""
    request_document(note.public_id, "credit-note", note.locale, f"{note.number}.pdf")
    mails.tell_credited(note, invoice, account, contact)


def issue_scheduled(scheduled_id: int, actor: str) -> Invoice | None:
    """Issue a later invoice of an order if its day has come on the seller's calendar; None where nothing is to be done.

    Exactly once, however often and late it is called: it is of today and due from today, at today's tax, for the
    period that was scheduled. Locks account, schedule and number series. Raises NotFound and what `write_invoice` does.
    """
    order, account = _ordered(scheduled_id)
    seller = account.seller
    found = select(ScheduledInvoice).where(ScheduledInvoice.id == scheduled_id).with_for_update()
    waiting = db.session().scalars(found.execution_options(populate_existing=True)).one()
    if waiting.state != states.WAITING or waiting.issue_on > clock.today(seller.timezone):
        return None
    contact = _addressee(order)
    lines = _lines_on(waiting.issue_on, order, account)
    bill = OrderBill(
        account, order.title, order.locale, order.currency, order.po_number, order.quote_number, lines,
        order.payment_days,
    )  # fmt: skip
    invoice = write_invoice(_invoice_draft(account, bill, contact))
    invoice.order_number = order.number
    waiting.state = states.SCHEDULE.after(waiting.state, "issue")
    waiting.invoice_id, waiting.issued_at = invoice.id, clock.now()
    number_invoice(invoice, seller.code, actor)
    if contact is not None:
        _send_invoice(invoice, account, contact)
    else:
        request_document(invoice.public_id, "invoice", invoice.locale, f"{invoice.number}.pdf")
        audit.record(actor, "invoice.not_mailed", invoice.public_id, account.id, reason="no active contact")
    return invoice


def _ordered(scheduled_id: int) -> tuple[ServiceOrder, Account]:
    """The order of a later invoice with its lines, and its account with the seller; the account is locked."""
    of = select(ServiceOrder).join(ScheduledInvoice).where(ScheduledInvoice.id == scheduled_id)
    account_id = db.session().scalar(of.with_only_columns(ServiceOrder.account_id))
    if account_id is None:
        raise NotFound
    lock_account(account_id)
    order = db.session().scalars(of.options(selectinload(ServiceOrder.lines))).one()
    whole = select(Account).where(Account.id == account_id).options(joinedload(Account.seller))
    return order, db.session().scalars(whole.execution_options(populate_existing=True)).one()


def _addressee(order: ServiceOrder) -> BillingContact | None:
    """The contact who was named in the order while still active, else the first of the account's; none without any."""
    contacts = contacts_of(order.account_id)
    return next((contact for contact in contacts if contact.id == order.contact_id), next(iter(contacts), None))


def _lines_on(day: date, order: ServiceOrder, account: Account) -> list[LineDraft]:
    """What the order bills for the periods that begin on the day, each at the tax of today."""
    billed = [(period, line) for period, line in schedule.later_periods(order.lines) if period.start == day]
    ids = {line.product_id for _, line in billed}
    categories = dict(db.session().execute(select(Product.id, Product.tax_category).where(Product.id.in_(ids))).all())
    decisions = {category: _tax_of_today(account, category) for category in sorted(set(categories.values()))}
    return [_line(period, line, decisions[categories[line.product_id]], order.locale) for period, line in billed]


def _tax_of_today(account: Account, category: str) -> TaxDecision:
    seller = account.seller
    confirmed = vat_is_confirmed(account, clock.now())
    today, has_vat_id = clock.today(seller.timezone), account.vat_id is not None
    return tax.decide(seller.country, account.country, confirmed, category, today, has_vat_id=has_vat_id)


def _line(period: Period, line: OrderLine, decision: TaxDecision, locale: str) -> LineDraft:
    return LineDraft(
        description=line.description,
        quantity=line.seats,
        unit_price=line.unit_price,
        tax_category=decision.category,
        tax_rate=decision.rate,
        exemption=decision.exemption(locale),
        why=decision.why,
        unit="" if line.unit == "none" else line.unit,
        discount=line.discount,
        period_start=period.start,
        period_end=period.end,
    )
