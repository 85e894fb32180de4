"""Further mailboxes that get the invoices of a corporate account: no contacts, no rights, no User ID (domain.md 5)."""

from collections.abc import Sequence

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.contacts import mails
from billing_core.contacts.models import InvoiceRecipient
from billing_core.contacts.refusals import RecipientThere, TooManyRecipients
from billing_core.errors import Invalid, NotFound
from billing_core.mail.service import is_address
from billing_core.permissions import Right, Viewer, demand
from billing_core.words import mark

MOST = 10


def recipients_of(account_id: int) -> Sequence[InvoiceRecipient]:
    """The account's, in the order in which they came."""
    mine = select(InvoiceRecipient).where(InvoiceRecipient.account_id == account_id)
    return db.session().scalars(mine.order_by(InvoiceRecipient.id)).all()


def add_recipient(viewer: Viewer, account_public_id: str, email: str) -> None:
    """Mail the invoices to come to this address too. All contacts who may change billing details are told.

    Raises NotFound, NotAllowed, RecipientThere, TooManyRecipients, and Invalid for what is no address.
    """
    account = _locked(viewer, account_public_id)
    email = email.strip()
    if not is_address(email):
        raise Invalid(mark("Enter an e-mail address, for example anna@example.com."), field="email")
    there = recipients_of(account.id)
    if email.casefold() in {one.email.casefold() for one in there}:
        raise RecipientThere(field="email")
    if len(there) >= MOST:
        raise TooManyRecipients(most=MOST)
    made = InvoiceRecipient(
        public_id=db.public_id("rcp"), account_id=account.id, email=email, added_by_id=viewer.person_id,
        added_at=clock.now(),
    )  # fmt: skip
    db.session().add(made)
    db.session().flush()
    audit.record(viewer.actor, "account.recipient_added", account.public_id, account.id, email=email)
    mails.tell_recipient(account, email, viewer, added=True)


def remove_recipient(viewer: Viewer, account_public_id: str, public_id: str) -> None:
    """Mail no more invoices to it. Raises NotFound and NotAllowed."""
    account = _locked(viewer, account_public_id)
    found = next((one for one in recipients_of(account.id) if one.public_id == public_id), None)
    if found is None:
        raise NotFound
    db.session().delete(found)
    audit.record(viewer.actor, "account.recipient_removed", account.public_id, account.id, email=found.email)
    mails.tell_recipient(account, found.email, viewer, added=False)


def _locked(viewer: Viewer, account_public_id: str) -> Account:
    standing = next((one for one in viewer.standings if one.account_public_id == account_public_id), None)
    if standing is None or not standing.is_contact:
        raise NotFound
    demand(Right.MANAGE, viewer, standing.account_id)
    row = select(Account).where(Account.id == standing.account_id).with_for_update(key_share=True)
    return db.session().scalars(row.execution_options(populate_existing=True)).one()
