"""The verb of this room: the invoice that an order brings about, with its document and its mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing_core import clock
from billing_core.accounts import Account
from billing_core.documents.service import request_document
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.service import BillTo, InvoiceDraft, LineDraft, number_invoice, write_invoice
from billing_core.orders.models import ServiceOrder
from billing_core.orders.service import number_order
from billing_core.people import BillingContact
from billing_core.sellers.letterhead import Letterhead
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
    """Issue the invoice of an order, ask for its PDF and mail it to the contact, who comes with the person.

    Numbers the order too: both numbers are taken when every row is written, because only document and mail need them.
    Part of the accepting transaction: a failure refuses the acceptance. Raises what `write_invoice` raises.
    """
    account, seller = bill.account, bill.account.seller
    today = clock.today(seller.timezone)
    starts = [line.period_start for line in bill.lines if line.period_start]
    ends = [line.period_end for line in bill.lines if line.period_end]
    draft = InvoiceDraft(
        account_id=account.id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id,
        currency=bill.currency,
        locale=bill.locale,
        issued_on=today,
        due_on=today + timedelta(days=bill.payment_days),
        bill_to=_bill_to(account, contact),
        issued_by=Letterhead.of(seller),
        user_id=contact.user_id,
        lines=bill.lines,
        title=bill.title,
        po_number=bill.po_number,
        quote_number=bill.quote_number,
        period_start=min(starts, default=None),
        period_end=max(ends, default=None),
    )
    invoice = write_invoice(draft)
    number_order(order, seller, actor)
    invoice.order_number = order.number
    number_invoice(invoice, seller.code, actor)
    request_document(invoice.public_id, "invoice", invoice.locale, f"{invoice.number}.pdf")
    mails.tell_issued(invoice, account, contact)
    return Issued(invoice, None)


def _bill_to(account: Account, contact: BillingContact) -> BillTo:
    return BillTo(
        name=account.name,
        street=account.street,
        postal_code=account.postal_code,
        city=account.city,
        country=account.country,
        attention=contact.person.name,
        vat_id=account.vat_id,
        customer_number=account.number,
    )
