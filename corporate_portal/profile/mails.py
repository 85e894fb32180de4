"""The mail that tells the billing contacts of a changed address."""

from billing_core.accounts import Account
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import BillingContact
from billing_core.permissions import Viewer
from billing_core.words import mark


def bill_to_changed(account: Account, before: list[str], after: list[str], viewer: Viewer, to: BillingContact) -> None:
    """To one contact, whoever made the change. before, after: the lines as they stand on an invoice."""
    send_mail(
        "bill-to-changed",
        mark("The billing address of %(account)s was changed"),
        Recipient(to.person.name, to.person.email, to.person.locale),
        {"account": account.name, "who": viewer.display_name, "before": before, "after": after},
        account_id=account.id,
    )
