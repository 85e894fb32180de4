"""The mail of a reminder: what is past due, the sum, how to transfer it, and the way to the invoices."""

from collections.abc import Sequence

from billing_core.accounts import Account
from billing_core.documents import letter
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import BillingContact
from billing_core.sellers.models import Seller
from billing_core.words import mark
from corporate_portal.receivables.models import Reminder
from corporate_portal.receivables.states import FIRM, FRIENDLY, LAST

SUBJECTS = {
    FRIENDLY: mark("Reminder: %(amount)s is past due"),
    FIRM: mark("Another reminder: %(amount)s is past due"),
    LAST: mark("Last reminder: %(amount)s is past due"),
}


def remind(
    reminder: Reminder, account: Account, seller: Seller, contact: BillingContact, items: Sequence[Invoice],
    credit: int, amount: str,
) -> str:  # fmt: skip
    """One mail to one contact, in that contact's language; its public id. `amount` is the sum in that language.

    Raises BadRecipient.
    """
    person = contact.person
    return send_mail(
        "payment-reminder",
        SUBJECTS[reminder.tone],
        Recipient(person.name, person.email, person.locale),
        {
            "reminder": reminder, "account": account.name, "items": items, "currency": items[0].currency,
            "credit": credit, "amount": amount, "seller": seller, "letter": letter,
            "reference": items[0].number if len(items) == 1 else account.number, "user_id": contact.user_id,
            "place": _place(account, items),
        },
        account_id=account.id,
    )  # fmt: skip


def _place(account: Account, items: Sequence[Invoice]) -> str:
    """Where the contact sees and pays what is past due."""
    if not account.is_corporate:
        return "/billing"
    return f"/invoices/{items[0].public_id}" if len(items) == 1 else "/invoices?state=past-due"
