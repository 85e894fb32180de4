"""The mails that bring a document: they name the contact, print the contact's own User ID and carry the PDF."""

from billing_core.accounts import Account
from billing_core.contacts.recipients import recipients_of
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.ledger.queries import credit_use
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
        {
            "invoice": invoice, "number": invoice.number, "account": account.name, "user_id": invoice.user_id,
            "place": _place(account, f"/invoices/{invoice.public_id}"),
        },
        account_id=account.id,
        attached=(("invoice", invoice.public_id),),
    )  # fmt: skip


def tell_recipients(invoice: Invoice, account: Account, contact: BillingContact) -> None:
    """The same document for each further mailbox of the account, without a User ID and without a way in."""
    for recipient in recipients_of(account.id):
        send_mail(
            "invoice-copy",
            mark("Invoice %(number)s"),
            Recipient(account.name, recipient.email, invoice.locale),
            {"invoice": invoice, "number": invoice.number, "account": account.name, "contact": contact.person.name},
            account_id=account.id,
            attached=(("invoice", invoice.public_id),),
        )


def tell_credited(note: CreditNote, invoice: Invoice | None, account: Account, contact: BillingContact) -> None:
    """One mail to one contact, in that contact's language; `invoice` is the one whose balance it reduced first."""
    person = contact.person
    use = credit_use(note.public_id, note.total)
    send_mail(
        "credit-note-issued",
        mark("Credit note %(number)s"),
        Recipient(person.name, person.email, person.locale),
        {
            "note": note, "number": note.number, "account": account.name, "user_id": note.user_id,
            "invoice": invoice.number if invoice else "", "allocated": use.allocated, "left": use.left,
            "place": _place(account, f"/credit-notes/{note.public_id}"),
        },
        account_id=account.id,
        attached=(("credit-note", note.public_id),),
    )  # fmt: skip


def _place(account: Account, document: str) -> str:
    """Where the contact sees the document: contacts of online accounts never get into the portal (domain.md 3)."""
    return document if account.is_corporate else f"/billing{document}"
