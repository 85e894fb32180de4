"""What an approval does: people, contacts and User IDs, under the account's lock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from billing_core import db, jobs
from billing_core.accounts import Account
from billing_core.contacts import states
from billing_core.contacts.holding import LASTS
from billing_core.contacts.models import ContactChange
from billing_core.contacts.refusals import AddressTaken, AlreadyContact, ContactGone, LastContact, SharedPerson
from billing_core.credentials import sessions
from billing_core.credentials.links import void_links
from billing_core.credentials.models import Password
from billing_core.credentials.service import SEND_LINK
from billing_core.mail.service import Recipient
from billing_core.people import (
    BillingContact,
    LoginIdentifier,
    Membership,
    Person,
    canonical_identifier,
    contacts_of,
    person_by_identifier,
)
from billing_core.permissions import Realm


@dataclass(frozen=True)
class Applied:
    """Who came, and whom it concerned with the mailbox as it was before."""

    came: BillingContact | None
    concerned: BillingContact | None
    mailbox: Recipient | None


def apply(change: ContactChange, account: Account, now: datetime) -> Applied:
    """Raises ContactGone, LastContact, AlreadyContact, AddressTaken, SharedPerson."""
    if change.kind == states.ADD:
        return Applied(make_contact(_newcomer(change, change.rights), account, now + LASTS), None, None)
    contact = _concerned(change)
    mailbox = Recipient(contact.person.name, contact.person.email, contact.person.locale)
    if change.kind == states.CHANGE:
        _change(contact, change, account, now)
        return Applied(None, contact, mailbox)
    came = None
    if change.kind == states.REPLACE:
        rights = {name: getattr(contact, name) for name in change.rights}
        came = make_contact(_newcomer(change, rights), account, now + LASTS)
    _remove(contact, now, came)
    return Applied(came, contact, mailbox)


def _newcomer(change: ContactChange, rights: dict[str, bool]) -> "Newcomer":
    return Newcomer(change.name, change.email, change.function, rights)


def _concerned(change: ContactChange) -> BillingContact:
    found = next((one for one in contacts_of(change.account_id) if one.id == change.contact_id), None)
    if found is None:
        raise ContactGone
    return found


@dataclass(frozen=True)
class Newcomer:
    """Who is to become a contact, with which switches of a contact."""

    name: str
    email: str
    function: str
    rights: dict[str, bool]


def make_contact(who: Newcomer, account: Account, held_until: datetime | None) -> BillingContact:
    """The person of that User ID, a member of the account with that address, or a new person.

    Whoever has no password yet gets a link to create one.

    Raises AddressTaken and AlreadyContact.
    """
    person = person_by_identifier(who.email) or _member(account, who.email) or _make_person(who, account)
    if person.staff_role is not None or not person.is_active:
        raise AddressTaken
    in_account = {"person_id": person.id, "account_id": account.id}
    if db.session().scalar(select(Membership).filter_by(**in_account)) is None:
        db.session().add(Membership(**in_account))
    contact = db.session().scalar(select(BillingContact).filter_by(**in_account))
    if contact is None:
        contact = BillingContact(**in_account, user_id=_user_id(person.id))
        db.session().add(contact)
    elif contact.removed_at is None:
        raise AlreadyContact(field="email")
    contact.removed_at, contact.function, contact.held_until = None, who.function, held_until
    for name, value in who.rights.items():
        setattr(contact, name, value)
    contact.person = person
    contact.is_primary = not contacts_of(account.id)
    db.session().flush()
    if db.session().get(Password, person.id) is None:
        realm = Realm.PORTAL if account.is_corporate else Realm.MY
        jobs.enqueue(SEND_LINK, person_id=person.id, realm=realm.value)
    return contact


def _member(account: Account, email: str) -> Person | None:
    """Somebody of the account who signs in with a username and gets mail at this address: not to be there twice."""
    members = select(Person.id, Person.email).join(Membership, Membership.person_id == Person.id)
    rows = db.session().execute(members.where(Membership.account_id == account.id).order_by(Person.id))
    canonical = canonical_identifier(email)
    named = next((row.id for row in rows if canonical_identifier(row.email) == canonical), None)
    return db.session().get(Person, named) if named is not None else None


def _make_person(who: Newcomer, account: Account) -> Person:
    public_id = db.public_id("per")
    person = Person(
        public_id=public_id, source="contact-change", external_id=public_id, name=who.name, email=who.email,
        locale=account.locale,
    )  # fmt: skip
    db.session().add(person)
    db.session().flush()
    _sign_in_with(person.id, who.email)
    return person


def _user_id(person_id: int) -> str:
    mine = select(LoginIdentifier.shown).where(LoginIdentifier.person_id == person_id)
    return min(db.session().scalars(mine), key=lambda shown: ("@" in shown, shown))


def _sign_in_with(person_id: int, email: str) -> None:
    """Raises AddressTaken where it is another person's User ID, also of one who takes it in this very moment."""
    canonical = canonical_identifier(email)
    if not db.add_if_absent(LoginIdentifier, canonical=canonical, shown=email, person_id=person_id):
        owner = db.session().scalar(select(LoginIdentifier.person_id).where(LoginIdentifier.canonical == canonical))
        if owner != person_id:
            raise AddressTaken


def _remove(contact: BillingContact, now: datetime, successor: BillingContact | None) -> None:
    others = [one for one in contacts_of(contact.account_id) if one.id != contact.id]
    if not others:
        raise LastContact
    was_primary = contact.is_primary
    contact.removed_at, contact.is_primary = now, False
    db.session().flush()
    if was_primary:
        (successor or others[0]).is_primary = True
        db.session().flush()
    _shut_out(contact.person_id)


def _change(contact: BillingContact, change: ContactChange, account: Account, now: datetime) -> None:
    wider = any(wanted and not getattr(contact, name) for name, wanted in change.rights.items())
    for name, value in change.rights.items():
        setattr(contact, name, value)
    contact.function = change.function or contact.function
    moves = bool(change.email) and change.email != contact.person.email
    if moves:
        _move_mailbox(contact, change.email)
    if wider or moves:
        contact.held_until = now + LASTS
    db.session().flush()
    _shut_out(contact.person_id)


def _move_mailbox(contact: BillingContact, email: str) -> None:
    elsewhere = select(func.count()).select_from(Membership)
    of_person = elsewhere.where(Membership.person_id == contact.person_id, Membership.account_id != contact.account_id)
    if db.session().scalar(of_person):
        raise SharedPerson
    former, person = canonical_identifier(contact.person.email), contact.person
    _sign_in_with(person.id, email)
    if canonical_identifier(email) != former:
        old = LoginIdentifier.canonical == former
        db.session().execute(delete(LoginIdentifier).where(old, LoginIdentifier.person_id == person.id))
    if canonical_identifier(contact.user_id) == former:
        contact.user_id = email
    person.email = email


def _shut_out(person_id: int) -> None:
    """What was signed in or mailed under the former circumstances counts no longer."""
    sessions.end_sessions_of(person_id)
    void_links(person_id)
