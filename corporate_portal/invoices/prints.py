"""An invoice as a printed document, in the language it was issued in; it prints the User ID of its addressee."""

import json

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.people import BillingContact


def invoice_print(public_id: str) -> Print:
    """The Print of an invoice. Raises NotFound."""
    whole = (joinedload(Invoice.account), joinedload(Invoice.seller), selectinload(Invoice.lines))
    found = select(Invoice).where(Invoice.public_id == public_id).options(*whole, selectinload(Invoice.taxes))
    invoice = db.session().scalar(found)
    if invoice is None:
        raise NotFound
    addressee = db.session().get(BillingContact, invoice.contact_id) if invoice.contact_id else None
    return Print(
        template="print/invoice.html",
        context={
            "invoice": invoice,
            "bill_to": json.loads(invoice.bill_to),
            "user_id": addressee.user_id if addressee else "",
        },
        locale=invoice.locale,
        title=words.gettext("Invoice %(number)s", number=invoice.number),
        author=invoice.seller.name,
        created=invoice.issued_at,
        subject=invoice.title,
    )
