"""Looking as a contact: read-only, for half an hour, in one account, written down, and visible to the contact (ADR 46).

A look belongs to a session at the desk. No session and no credential of the contact is made: whose pages are shown
follows from the look (web.identity), and what is sent or would be written is refused in one place (web.guards).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.contacts.models import ContactLook
from billing_core.contacts.queries import verified_by
from billing_core.errors import NotFound
from billing_core.people import contacts_of
from billing_core.permissions import Looking, Realm, SessionFacts, Viewer, viewer_of

LASTS = timedelta(minutes=30)
MOST_SHOWN = 20


def account_to_look_at(viewer: Viewer, account_public_id: str) -> Account:
    """An open account whose contacts the viewer answers for at the desk. Raises NotFound."""
    mine = select(Account).where(
        Account.public_id == account_public_id, Account.closed_on.is_(None), verified_by(viewer)
    )
    found = db.session().scalar(mine) if db.is_storable(account_public_id) else None
    if found is None:
        raise NotFound
    return found


def begin_look(viewer: Viewer, account_public_id: str, person_public_id: str) -> ContactLook:
    """See the pages as this contact from now on, in this session at the desk. Raises NotFound."""
    account = account_to_look_at(viewer, account_public_id)
    contact = next((one for one in contacts_of(account.id) if one.person.public_id == person_public_id), None)
    if contact is None or viewer.facts.session_id is None:
        raise NotFound
    end_look(viewer)
    now = clock.real_now()
    look = ContactLook(
        public_id=db.public_id("look"), staff_id=viewer.person_id, session_id=viewer.facts.session_id,
        person_id=contact.person_id, account_id=account.id, begun_at=now, ends_at=now + LASTS,
    )  # fmt: skip
    db.session().add(look)
    db.session().flush()
    audit.record(viewer.actor, "contact.look_begun", person_public_id, account.id, look=look.public_id)
    return look


def end_look(viewer: Viewer) -> None:
    """Be at the desk only again; harmless where nothing is looked at."""
    now = clock.real_now()
    mine = select(ContactLook).where(
        ContactLook.session_id == viewer.facts.session_id, ContactLook.ended_at.is_(None), ContactLook.ends_at > now
    )
    for look in db.session().scalars(mine.options(joinedload(ContactLook.person)).with_for_update(of=ContactLook)):
        look.ended_at = now
        audit.record(viewer.actor, "contact.look_ended", look.person.public_id, look.account_id, look=look.public_id)


def looked_at(viewer: Viewer, realm: Realm, facts: SessionFacts) -> Viewer | None:
    """As whom the viewer at the desk looks in the realm now; the right to do so is asked for anew. Two statements."""
    now = clock.real_now()
    mine = (
        select(ContactLook)
        .join(Account, Account.id == ContactLook.account_id)
        .where(
            ContactLook.session_id == viewer.facts.session_id, ContactLook.ended_at.is_(None),
            ContactLook.ends_at > now, Account.closed_on.is_(None), verified_by(viewer),
        )
        .options(joinedload(ContactLook.person), joinedload(ContactLook.account))
    )  # fmt: skip
    look = db.session().scalar(mine)
    if look is None or not look.person.is_active or realm is not realm_of(look.account):
        return None
    found = viewer_of(look.person, realm, look.account_id, facts)
    place = found.standing_in(look.account_id)
    if place is None or not place.is_contact:
        return None
    return replace(found, standings=(place,), current=place, looking=Looking(viewer.display_name, look.ends_at))


def realm_of(account: Account) -> Realm:
    """Where contacts of the account see their pages."""
    return Realm.PORTAL if account.is_corporate else Realm.MY


def looks_at(viewer: Viewer) -> Sequence[ContactLook]:
    """Who of the vendor's staff has looked as the viewer, the newest first."""
    mine = select(ContactLook).where(
        ContactLook.person_id == viewer.person_id, ContactLook.account_id.in_(sorted(viewer.account_ids))
    )
    newest = mine.options(joinedload(ContactLook.staff), joinedload(ContactLook.account))
    return db.session().scalars(newest.order_by(ContactLook.id.desc()).limit(MOST_SHOWN)).all()
