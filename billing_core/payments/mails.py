"""The mails of payments, each written in the transaction of what it tells."""

from collections.abc import Mapping, Sequence
from typing import Any

from billing_core import db, templating
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.payments.gateway import DisputeState, SessionState
from billing_core.payments.models import Dispute, Payment, Refund
from billing_core.people import Person
from billing_core.words import mark

SUPPORT_READS = "en"
"""The language of mails to the vendor's own people, as of the logs."""
OF_ONE = mark("Payment received for invoice %(number)s")


def send_receipt(payment: Payment, invoices: Sequence[Invoice]) -> None:
    """Tell the payer what was paid on which invoice, and what remains open there."""
    payer = db.session().get_one(Person, payment.requested_by)
    paid = {target.invoice_id: target.amount for target in payment.targets if target.invoice_id is not None}
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


def tell_refunded(refund: Refund, payment: Payment, invoices: Mapping[int, Invoice]) -> None:
    """Tell the payer what goes back to the card, and which invoices are open again because of it."""
    payer = db.session().get_one(Person, payment.requested_by)
    parts = [part for part in refund.parts if part.invoice_id is not None]
    context = {
        "refund": refund,
        "payment": payment,
        "card": payment.card,
        "parts": [{"invoice": invoices[part.invoice_id or 0], "amount": part.amount} for part in parts],
    }
    send_mail(
        "refund-sent",
        mark("Refund for your card payment"),
        Recipient(payer.name, payer.email, payer.locale),
        context,
        account_id=payment.account_id,
    )


def tell_refund_failed(refund: Refund, payment: Payment, invoices: Mapping[int, Invoice]) -> None:
    """Tell finance that the customer did not get the money: it has to be sent in another way."""
    subject = mark("Refund %(reference)s has failed")
    _tell_desk("refund-failed", subject, refund.public_id, payment, invoices, {"refund": refund})


def tell_disputed(dispute: Dispute, payment: Payment, invoices: Mapping[int, Invoice], seen: DisputeState) -> None:
    """Tell finance that the cardholder's bank asks about a payment or has taken it back."""
    _tell_desk(
        "payment-disputed", mark("Payment %(reference)s is disputed"), payment.public_id, payment, invoices,
        {"dispute": dispute, "seen": seen},
    )  # fmt: skip


def _tell_desk(
    kind: str, subject: str, reference: str, payment: Payment, invoices: Mapping[int, Invoice], more: dict[str, Any]
) -> None:
    """To the vendor's own people, who read it at the support address."""
    brand = templating.brand()
    context = {
        "payment": payment,
        "reference": reference,
        "account": db.session().get_one(Account, payment.account_id),
        "number": ", ".join(invoice.number for invoice in invoices.values()),
    }
    recipient = Recipient(brand.name, brand.support_email, SUPPORT_READS)
    send_mail(kind, subject, recipient, context | more, account_id=payment.account_id)


def ask_for_review(payment: Payment, invoices: Sequence[Invoice], seen: SessionState) -> None:
    """Tell support that a payment was set aside: nothing goes on by itself, and the payer waits for an answer."""
    context = {"seen": seen, "differences": (payment.review_note or "").splitlines()}
    _tell_desk(
        "payment-review", mark("Payment %(reference)s needs a review"), payment.public_id, payment,
        {invoice.id: invoice for invoice in invoices}, context,
    )  # fmt: skip
