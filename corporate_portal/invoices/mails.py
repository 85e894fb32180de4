"""The mail that brings an invoice: it names the contact, prints the contact's own User ID and carries the PDF."""

from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import BillingContact
from billing_core.words import mark


def tell_issued(invoice: Invoice, account: Account, contact: BillingContact) -> None:
    """One mail to one contact, in that contact's language."""
    person = contact.person
    send_mail(
        "invoice-issued",
        mark("Invoice %(number)s"),
        Recipient(person.name, person.email, person.locale),
        {"invoice": invoice, "number": invoice.number, "account": account.name, "user_id": invoice.user_id},
        account_id=account.id,
        attached=(("invoice", invoice.public_id),),
    )
