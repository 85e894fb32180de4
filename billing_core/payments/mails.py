"""The mails of payments, each written in the transaction of what it tells."""

from collections.abc import Sequence

from billing_core import db, templating
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.payments.gateway import SessionState
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.words import mark

SUPPORT_READS = "en"
"""The language of mails to the vendor's own people, as of the logs."""
OF_ONE = mark("Payment received for invoice %(number)s")


def send_receipt(payment: Payment, invoices: Sequence[Invoice]) -> None:
    """Tell the payer what was paid on which invoice, and what remains open there."""
    payer = db.session().get_one(Person, payment.requested_by)
    paid = {target.invoice_id: target.amount for target in payment.targets}
    context = {
        "payment": payment,
        "card": payment.card,
        "number": invoices[0].number,
        "count": len(invoices),
        "parts": [{"invoice": invoice, "paid": paid[invoice.id]} for invoice in invoices],
    }
    send_mail(
        "payment-receipt",
        mark("Payment received for %(count)s invoices") if len(invoices) > 1 else OF_ONE,
        Recipient(payer.name, payer.email, payer.locale),
        context,
        account_id=payment.account_id,
    )


def ask_for_review(payment: Payment, invoices: Sequence[Invoice], seen: SessionState) -> None:
    """Tell support that a payment was set aside: nothing goes on by itself, and the payer waits for an answer."""
    account = db.session().get_one(Account, payment.account_id)
    brand = templating.brand()
    context = {
        "payment": payment,
        "reference": payment.public_id,
        "account": account,
        "number": ", ".join(invoice.number for invoice in invoices),
        "seen": seen,
        "differences": (payment.review_note or "").splitlines(),
    }
    send_mail(
        "payment-review",
        mark("Payment %(reference)s needs a review"),
        Recipient(brand.name, brand.support_email, SUPPORT_READS),
        context,
        account_id=payment.account_id,
    )
