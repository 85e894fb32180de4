"""An invoice as a printed document, in the language it was issued in: from what was copied at issue alone."""

import json

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import db, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice


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
        },
        locale=invoice.locale,
        title=words.gettext("Invoice %(number)s", number=invoice.number),
        author=letterhead.name,
        created=invoice.issued_at,
        subject=invoice.title,
    )
