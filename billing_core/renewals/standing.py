"""In whose name the worker renews, and who is told.

The person's order stands behind it: whoever subscribed wants it renewed until it is cancelled. The worker acts, and the
audit says so; the contact is who the order, the invoice and the receipt are addressed to.
"""

from dataclasses import dataclass

from billing_core.accounts import Account
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Realm, Standing, Viewer

WORKER = "worker"


@dataclass(frozen=True)
class Absent(Viewer):
    """A contact in whose name the worker, or support, acts, and who is not there."""

    acts: str = WORKER

    @property
    def actor(self) -> str:
        """Who the audit says it was."""
        return self.acts


def told(account_id: int) -> list[BillingContact]:
    """Who is told about renewals: the contacts who may pay, the primary one first; all of them where none may."""
    contacts = contacts_of(account_id)
    return [contact for contact in contacts if contact.may_pay] or contacts


def absent(account: Account, acts: str = WORKER) -> Absent | None:
    """The first of those who are told, as who `acts` for them; None where the account has no active contact."""
    contact = next(iter(told(account.id)), None)
    if contact is None:
        return None
    person = contact.person
    place = Standing(
        account.id, account.public_id, account.name, account.kind, contact_id=contact.id, user_id=contact.user_id
    )
    return Absent(
        realm=Realm.MY, person_id=person.id, public_id=person.public_id, display_name=person.name, email=person.email,
        locale=person.locale, standings=(place,), acts=acts,
    )  # fmt: skip
