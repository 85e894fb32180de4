"""The receipt, written in the transaction that booked the money."""

from collections.abc import Sequence

from billing_core import db
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.words import mark


def send_receipt(payment: Payment, invoices: Sequence[Invoice]) -> None:
    """Tell the payer what was paid on which invoice, and what remains open there."""
    payer = db.session().get_one(Person, payment.requested_by)
    paid = {target.invoice_id: target.amount for target in payment.targets}
    context = {
        "payment": payment,
        "card": payment.card,
        "number": ", ".join(invoice.number for invoice in invoices),
        "parts": [{"invoice": invoice, "paid": paid[invoice.id]} for invoice in invoices],
    }
    send_mail(
        "payment-receipt",
        mark("Payment received for invoice %(number)s"),
        Recipient(payer.name, payer.email, payer.locale),
        context,
        account_id=payment.account_id,
    )
