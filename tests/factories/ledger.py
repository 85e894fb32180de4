"""Invoices as the ledger issues them, and card payments up to a wanted state."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.documents.service import keep_document
from billing_core.ledger.crediting import CreditNoteDraft, issue_credit_note
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.service import (
    BillTo,
    ImportedInvoice,
    InvoiceDraft,
    LineDraft,
    import_invoice,
    issue_invoice,
)
from billing_core.payments import moves, service
from billing_core.payments.booking import book_incoming
from billing_core.payments.gateway import SessionState
from billing_core.payments.models import Payment
from billing_core.payments.processor import processor
from billing_core.payments.review import service as review
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.sellers.letterhead import Letterhead
from tests.factories import core

PDF = b"%PDF-1.7 a stored document"


def line(net: int = 10000, rate: int = 0, **changes: Any) -> LineDraft:
    """One line of one unit; without tax unless a rate is given."""
    values: dict[str, Any] = {
        "description": "Meeting Pro", "quantity": 1, "unit_price": net, "tax_category": "S" if rate else "O",
        "tax_rate": rate, "exemption": "" if rate else "Outside the scope of VAT", "unit": "organizer",
        "period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1),
    }  # fmt: skip
    return LineDraft(**(values | changes))


def draft(of: Account, *lines: LineDraft, contact: Person | None = None, **changes: Any) -> InvoiceDraft:
    """What is to be issued to the account: 100.00 without tax, if no lines are given."""
    with db.reading() as session:
        whole = session.scalars(select(Account).where(Account.id == of.id).options(joinedload(Account.seller))).one()
        addressed = BillingContact.person_id == contact.id if contact else BillingContact.id < 0
        place = session.scalar(select(BillingContact).where(BillingContact.account_id == of.id, addressed))
    today = clock.today(whole.seller.timezone)
    values: dict[str, Any] = {
        "account_id": of.id, "seller_id": whole.seller_id, "seller_code": whole.seller.code,
        "contact_id": place.id if place else None, "user_id": place.user_id if place else "",
        "currency": of.currency, "locale": of.locale, "issued_on": today, "due_on": today + timedelta(days=30),
        "bill_to": BillTo(of.name, of.street, of.postal_code, of.city, of.country, vat_id=of.vat_id),
        "issued_by": Letterhead.of(whole.seller), "lines": lines or (line(),), "title": "Meetings for a year",
    }  # fmt: skip
    return InvoiceDraft(**(values | changes))


def invoice(of: Account, total: int = 10000, *, contact: Person | None = None, **changes: Any) -> Invoice:
    """An issued invoice of this total, untaxed."""
    found: Invoice = db.perform(issue_invoice, draft(of, line(total), contact=contact, **changes), "test")
    return found


def credit_draft(of: Account, *lines: LineDraft, named: Invoice | None = None, cause: str = "") -> CreditNoteDraft:
    """What is to be credited to the account, first on the named invoice."""
    said = draft(of, *lines)
    own = ("cause", "invoice_id", "plan", "reason", "stays_credit")
    shared = {name: getattr(said, name) for name in CreditNoteDraft.__dataclass_fields__ if name not in own}
    return CreditNoteDraft(cause=cause or db.public_id("ord"), invoice_id=named.id if named else None, **shared)


def credit_note(of: Account, total: int, named: Invoice | None = None, cause: str = "") -> CreditNote:
    """An issued credit note of this total, untaxed."""
    found: CreditNote = db.perform(issue_credit_note, credit_draft(of, line(total), named=named, cause=cause), "test")
    return found


def imported_invoice(of: Account, number: str, total: int = 10000, paid: int = 0) -> Invoice:
    """An invoice that was issued elsewhere."""
    whole = ImportedInvoice(draft(of, line(total)), "test", number, number, paid)
    found: Invoice = db.perform(import_invoice, whole, "import")
    return found


def pdf_of(of: Invoice) -> None:
    """The invoice's document is there."""
    db.perform(keep_document, of.public_id, "invoice", of.locale, f"{of.number}.pdf", PDF)


def payer(of: Account, rights: str = "accept pay manage", **changes: Any) -> Person:
    """A contact of the account who may pay, unless other rights are named."""
    return core.contact(of, rights=rights, **changes)


def paid_by_card(invoice: Invoice, payer: Person) -> Payment:
    """The whole invoice, as if the processor had told that the card was charged; it knows nothing of it."""
    begun = service.pay_invoice(core.viewer(payer), invoice.public_id, None)
    seen = SessionState(
        begun.processor_session or "", begun.public_id, "complete", is_paid=True, is_final=True, amount=begun.amount,
        received=begun.amount, currency=begun.currency, livemode=begun.livemode, url=None,
        expires_at=clock.now() + timedelta(hours=1), intent_id=f"pi_{begun.public_id}", card_brand="visa",
        card_last4="4242",
    )  # fmt: skip
    return db.perform(moves.learn, begun.public_id, seen)


def set_aside(invoice: Invoice, payer: Person) -> Payment:
    """The whole invoice, put to review because its page, on which nothing was paid, has ended with another amount."""
    begun = service.pay_invoice(core.viewer(payer), invoice.public_id, None)
    ended = processor().expire_session(begun.processor_session or "")
    aside = db.perform(moves.learn, begun.public_id, replace(ended, amount=invoice.total + 100))
    review.look(core.viewer(core.staff("finance"), Realm.DESK), aside.public_id)
    return aside


def reread(row: Invoice) -> Invoice:
    """The invoice as it is now."""
    with db.reading() as session:
        return session.get_one(Invoice, row.id)


def transferred(of: Account, amount: int) -> None:
    """So much came by bank transfer and was booked on the oldest invoices."""
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    with db.reading() as session:
        zone = session.get_one(Account, of.id)
        today = clock.today(zone.timezone)
    money = Money("bank_transfer", amount, today, "No. 9", shares=None)
    db.perform(book_incoming, clerk, of.public_id, money, db.public_id("form"))
