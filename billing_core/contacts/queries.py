"""Requests to change contacts: those of an account for its people, and those that somebody at the desk verifies."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import joinedload

from billing_core import db
from billing_core.accounts import Account
from billing_core.contacts import states
from billing_core.contacts.models import ContactChange
from billing_core.errors import NotFound
from billing_core.people import BillingContact, is_under
from billing_core.permissions import Standing, Viewer

MOST_SHOWN = 50


def files_for(viewer: Viewer, standing: Standing | None) -> bool:
    """Who may ask: a contact, or an admin of the account (domain.md 5)."""
    return standing is not None and (standing.is_contact or standing.is_admin)


def changes_of(account_id: int) -> Sequence[ContactChange]:
    """Those of an account, the newest first."""
    mine = whole().where(ContactChange.account_id == account_id).order_by(ContactChange.id.desc())
    return db.session().scalars(mine.limit(MOST_SHOWN)).all()


def waiting_at_desk(viewer: Viewer) -> Sequence[ContactChange]:
    """What the viewer at the desk has to verify, the oldest first."""
    waits = whole().where(verified_by(viewer), ContactChange.state == states.ASKED).order_by(ContactChange.id)
    return db.session().scalars(waits.limit(MOST_SHOWN)).all()


def change_at_desk(viewer: Viewer, public_id: str) -> ContactChange:
    """One that the viewer may verify. Raises NotFound."""
    return _found(whole().where(verified_by(viewer), ContactChange.public_id == public_id), public_id)


def own_change(viewer: Viewer, public_id: str) -> ContactChange:
    """One that the viewer has filed. Raises NotFound."""
    mine = whole().where(ContactChange.asked_by_id == viewer.person_id, ContactChange.public_id == public_id)
    return _found(mine, public_id)


def verified_by(viewer: Viewer) -> ColumnElement[bool]:
    """Corporate accounts: their representative, or that one's manager. Online accounts: support (domain.md 5)."""
    if viewer.is_staff("support"):
        return Account.kind == "online"
    if viewer.is_staff("rep"):
        return (Account.kind == "corporate") & (Account.rep_id == viewer.person_id)
    if viewer.is_staff("rep_manager"):
        return (Account.kind == "corporate") & is_under(Account.rep_id, viewer.person_id)
    return false()


def whole() -> Select[ContactChange]:
    """With everything that a page shows."""
    return (
        select(ContactChange)
        .join(Account, Account.id == ContactChange.account_id)
        .options(
            joinedload(ContactChange.account),
            joinedload(ContactChange.contact).joinedload(BillingContact.person),
            joinedload(ContactChange.asked_by),
            joinedload(ContactChange.answered_by),
        )
    )


def _found(named: Select[ContactChange], public_id: str) -> ContactChange:
    found = db.session().scalar(named) if db.is_storable(public_id) else None
    if found is None:
        raise NotFound
    return found
