"""What the profile shows."""

from sqlalchemy import Select, select

from billing_core import db
from billing_core.accounts import Account
from billing_core.credentials.identifiers import identifiers_of
from billing_core.errors import NotFound
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Viewer


def user_ids(viewer: Viewer) -> list[str]:
    """Everything that the viewer can sign in with, as it is written."""
    return [identifier.shown for identifier in identifiers_of(viewer.person_id)]


def account_of(viewer: Viewer, public_id: str) -> Account:
    """One of the viewer's accounts. Raises NotFound for any other."""
    return _found(db.session().scalar(_mine(viewer, public_id)))


def account_for_update(viewer: Viewer, public_id: str) -> Account:
    """As account_of, locked."""
    return _found(db.session().scalar(_mine(viewer, public_id).with_for_update()))


def _mine(viewer: Viewer, public_id: str) -> Select[Account]:
    return select(Account).where(Account.public_id == public_id, Account.id.in_(viewer.account_ids))


def _found(account: Account | None) -> Account:
    if account is None:
        raise NotFound
    return account


def colleagues(viewer: Viewer, account: Account) -> list[BillingContact]:
    """The billing contacts of an account of the viewer's, the primary one first."""
    return contacts_of(account.id) if account.id in viewer.account_ids else []
