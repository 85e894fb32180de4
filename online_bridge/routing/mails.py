"""The mail by which a member asks the billing contact for a change."""

from billing_core.mail.service import Recipient, send_mail
from billing_core.people import BillingContact
from billing_core.permissions import Viewer
from billing_core.words import mark


def asked(contact: BillingContact, viewer: Viewer, account: str, message: str) -> None:
    """To the contact, with the member's address to reply to. `account` is its name."""
    send_mail(
        "contact-asked",
        mark("A question about the subscriptions of %(account)s"),
        Recipient(contact.person.name, contact.person.email, contact.person.locale),
        {
            "contact": contact.person.name,
            "member": viewer.display_name,
            "member_email": viewer.email,
            "account": account,
            "message": message,
        },
        account_id=contact.account_id,
        reply_to=viewer.email,
    )
