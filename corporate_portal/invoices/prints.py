"""Invoices and credit notes as printed documents, in the language of issue: from what was copied at issue alone."""

import json

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.queries import credit_use
from billing_core.orders.online.queries import paid_at_issue


def invoice_print(public_id: str) -> Print:
    """The Print of an invoice. Raises NotFound."""
    whole = (selectinload(Invoice.lines), selectinload(Invoice.taxes))
    found = select(Invoice).where(Invoice.public_id == public_id).options(*whole)
    invoice = db.session().scalar(found)
    if invoice is None:
        raise NotFound
    letterhead = invoice.letterhead
    return Print(
        template="print/invoice.html",
        context={
            "invoice": invoice,
            "letterhead": letterhead,
            "bill_to": json.loads(invoice.bill_to),
            "user_id": invoice.user_id,
            "paid": paid_at_issue(invoice),
        },
        locale=invoice.locale,
        title=words.gettext("Invoice %(number)s", number=invoice.number),
        author=letterhead.name,
        created=invoice.issued_at,
        subject=invoice.title,
    )


def credit_note_print(public_id: str) -> Print:
    """The Print of a credit note. Raises NotFound."""
    whole = (selectinload(CreditNote.lines), selectinload(CreditNote.taxes), joinedload(CreditNote.invoice))
    note = db.session().scalar(select(CreditNote).where(CreditNote.public_id == public_id).options(*whole))
    if note is None:
        raise NotFound
    letterhead = note.letterhead
    return Print(
        template="print/credit-note.html",
        context={
            "note": note,
            "use": credit_use(note.public_id, note.total),
            "letterhead": letterhead,
            "bill_to": json.loads(note.bill_to),
            "user_id": note.user_id,
        },
        locale=note.locale,
        title=words.gettext("Credit note %(number)s", number=note.number),
        author=letterhead.name,
        created=note.issued_at,
        subject=note.title,
    )
