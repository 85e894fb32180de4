"""The verbs: ask, withdraw, approve, reject. Nobody becomes a contact or gets a right otherwise, but by an import."""

from dataclasses import dataclass

from sqlalchemy import func, select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.contacts import mails, queries, states
from billing_core.contacts.applying import Newcomer, apply, make_contact
from billing_core.contacts.models import ContactChange
from billing_core.contacts.refusals import (
    AddressTaken,
    AlreadyAnswered,
    AlreadyContact,
    ContactGone,
    EnoughOpen,
    LastContact,
    NothingChanges,
)
from billing_core.credentials import throttles
from billing_core.credentials.service import require_patience
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.mail.service import is_address
from billing_core.people import BillingContact, canonical_identifier, contacts_of, is_identifier
from billing_core.permissions import Viewer
from billing_core.words import mark

MOST_OPEN = 10
_RIGHTS = ("may_accept", "may_pay", "may_manage")
LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Wish:
    """What is asked for. `contact`: the public id of the person whom it is about; empty where somebody is added."""

    kind: str
    reason: str
    contact: str = ""
    name: str = ""
    email: str = ""
    function: str = ""
    may_accept: bool = False
    may_pay: bool = False
    may_manage: bool = False


def ask_for_change(viewer: Viewer, account_public_id: str, wish: Wish, form_key: str) -> ContactChange:
    """File a request. Whoever verifies is told; nothing else changes.

    The same form again returns the request that it made. Raises NotFound, NotAllowed, ContactGone, LastContact,
    EnoughOpen, and Invalid beside a field.
    """
    standing = next((one for one in viewer.standings if one.account_public_id == account_public_id), None)
    if standing is None:
        raise NotFound
    if not queries.files_for(viewer, standing):
        raise NotAllowed
    account = _locked(standing.account_id)
    made = select(ContactChange).where(
        ContactChange.asked_by_id == viewer.person_id, ContactChange.form_key == form_key
    )
    earlier = db.session().scalar(made)
    if earlier is not None:
        return earlier
    contact = _check(wish, contacts_of(account.id))
    _refuse_too_many(account.id)
    change = ContactChange(
        public_id=db.public_id("cch"),
        account_id=account.id,
        kind=wish.kind,
        contact_id=contact.id if contact is not None else None,
        name=wish.name,
        email=wish.email,
        function=wish.function,
        may_accept=wish.may_accept,
        may_pay=wish.may_pay,
        may_manage=wish.may_manage,
        reason=wish.reason,
        form_key=form_key,
        asked_by_id=viewer.person_id,
        asked_at=clock.now(),
    )
    db.session().add(change)
    db.session().flush()
    audit.record(viewer.actor, "contact.change_asked", change.public_id, account.id, **_said(change))
    mails.tell_asked(_fresh(change.id))
    return change


def invite(viewer: Viewer, account_public_id: str, name: str, email: str) -> None:
    """Let a colleague see quotes and invoices, and nothing else; every further right needs a request (domain.md 5).

    All contacts who may change billing details are told. Raises NotFound, NotAllowed, TooMany, AlreadyContact, and
    Invalid beside a field.
    """
    standing = next((one for one in viewer.standings if one.account_public_id == account_public_id), None)
    if standing is None:
        raise NotFound
    if not standing.is_contact:
        raise NotAllowed
    account = _locked(standing.account_id)
    wish = Wish(states.ADD, "-", name=name.strip(), email=email.strip())
    _check(wish, contacts_of(account.id))
    _refuse_too_many_invited(viewer, account.id)
    try:
        came = make_contact(Newcomer(wish.name, wish.email, "", dict.fromkeys(_RIGHTS, False)), account, None)
    except AddressTaken:
        raise Invalid(mark("This e-mail address cannot be invited."), field="email") from None
    audit.record(viewer.actor, "contact.invited", came.person.public_id, account.id, name=wish.name, email=wish.email)
    mails.tell_invited(account, came, viewer)


def withdraw_change(viewer: Viewer, public_id: str) -> None:
    """Who asked takes it back. Raises NotFound and AlreadyAnswered."""
    change = _answerable(queries.own_change(viewer, public_id))
    _answer(viewer, change, "withdraw", "")
    audit.record(viewer.actor, "contact.change_withdrawn", public_id, change.account_id)


def approve_change(viewer: Viewer, public_id: str, note: str) -> None:
    """Carry it out. `note` says how it was verified.

    Sessions and password links of whom it concerns end; new and changed contacts accept nothing for 24 hours. Raises
    NotFound, AlreadyAnswered, Invalid without a note, and what `applying.apply` raises.
    """
    _check_note(note, mark("Say how you made sure that this is right."))
    change = _answerable(queries.change_at_desk(viewer, public_id))
    applied = apply(change, change.account, clock.now())
    _answer(viewer, change, "approve", note)
    audit.record(
        viewer.actor, "contact.change_approved", public_id, change.account_id, **_said(change), note=change.note,
        before=applied.mailbox.email if applied.mailbox is not None else "",
    )  # fmt: skip
    mails.tell_approved(change, applied)


def reject_change(viewer: Viewer, public_id: str, note: str) -> None:
    """Do not carry it out; who asked gets the note. Raises NotFound, AlreadyAnswered, and Invalid without a note."""
    _check_note(note, mark("Say why, for the person who asked."))
    change = _answerable(queries.change_at_desk(viewer, public_id))
    _answer(viewer, change, "reject", note)
    audit.record(viewer.actor, "contact.change_rejected", public_id, change.account_id, note=change.note)
    mails.tell_rejected(change)


def _check(wish: Wish, contacts: list[BillingContact]) -> BillingContact | None:
    if wish.kind not in states.KINDS:
        raise Invalid(mark("Choose what should change."), field="kind")
    if not wish.reason.strip():
        raise Invalid(mark("Say in a few words why."), field="reason")
    contact = next((one for one in contacts if one.person.public_id == wish.contact), None)
    if wish.kind != states.ADD and contact is None:
        raise ContactGone
    if wish.kind in (states.ADD, states.REPLACE) and not wish.name.strip():
        raise Invalid(mark("Enter the name of the new contact."), field="name")
    if wish.kind in (states.ADD, states.REPLACE) or wish.email:
        _check_email(wish, contacts)
    if wish.kind == states.REMOVE and len(contacts) == 1:
        raise LastContact
    if wish.kind == states.CHANGE and contact is not None and not _differs(wish, contact):
        raise NothingChanges(field="email")
    return contact


def _check_email(wish: Wish, contacts: list[BillingContact]) -> None:
    if not is_address(wish.email) or not is_identifier(wish.email):
        raise Invalid(mark("Enter an e-mail address, for example anna@example.com."), field="email")
    new = canonical_identifier(wish.email)
    others = [one for one in contacts if not (wish.kind == states.CHANGE and one.person.public_id == wish.contact)]
    if any(canonical_identifier(one.person.email) == new for one in others):
        raise AlreadyContact(field="email")


def _differs(wish: Wish, contact: BillingContact) -> bool:
    rights = (wish.may_accept, wish.may_pay, wish.may_manage)
    same_rights = rights == (contact.may_accept, contact.may_pay, contact.may_manage)
    same_email = wish.email in ("", contact.person.email)
    return not (same_rights and same_email and wish.function in ("", contact.function))


def _check_note(note: str, message: str) -> None:
    if not note.strip():
        raise Invalid(message, field="note")


def _refuse_too_many(account_id: int) -> None:
    waiting = select(func.count()).select_from(ContactChange)
    mine = waiting.where(ContactChange.account_id == account_id, ContactChange.state == states.ASKED)
    if (db.session().scalar(mine) or 0) >= MOST_OPEN:
        raise EnoughOpen(most=MOST_OPEN)


def _refuse_too_many_invited(viewer: Viewer, account_id: int) -> None:
    """As a throttle: invitations are mails to addresses that anybody can type."""
    require_patience(throttles.knock(throttles.INVITATION, f"{account_id}:{viewer.person_id}"))


def _locked(account_id: int) -> Account:
    row = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return db.session().scalars(row.execution_options(populate_existing=True)).one()


def _answerable(named: ContactChange) -> ContactChange:
    """Read anew under the account's lock, which everything that changes contacts takes. Raises AlreadyAnswered."""
    _locked(named.account_id)
    change = _fresh(named.id)
    if change.state != states.ASKED:
        raise AlreadyAnswered
    return change


def _fresh(change_id: int) -> ContactChange:
    named = queries.whole().where(ContactChange.id == change_id)
    return db.session().scalars(named.execution_options(populate_existing=True)).one()


def _answer(viewer: Viewer, change: ContactChange, event: str, note: str) -> None:
    change.state = states.CONTACT_CHANGE.after(change.state, event)
    change.answered_by_id, change.answered_at = viewer.person_id, clock.now()
    change.note = note.strip()[:LONGEST_TEXT]
    db.session().flush()


def _said(change: ContactChange) -> dict[str, object]:
    rights = {name: value for name, value in change.rights.items() if value}
    return {"kind": change.kind, "contact": change.contact_id, "name": change.name, "email": change.email, **rights}
