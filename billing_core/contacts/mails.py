"""Mails around a request: to whom verifies it, and afterwards to everybody whom it concerns."""

from typing import Any

from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.contacts import states
from billing_core.contacts.applying import Applied
from billing_core.contacts.models import ContactChange
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import BillingContact, Person, contacts_of, managers_of
from billing_core.permissions import Viewer
from billing_core.words import mark

_SUBJECT = mark("Billing contacts of %(company)s")
REMOVED = mark("You are no longer a billing contact of %(company)s. Your sessions there have ended.")
CHANGED = mark(
    "Your e-mail address or your rights as a billing contact of %(company)s have been changed. Your sessions have "
    "ended."
)
CAME = mark(
    "You are a billing contact of %(company)s now. You can accept quotes in 24 hours, where you have that right; "
    "everything else works at once. If you have no password yet, a link to create one comes in a mail of its own."
)
INVITED = mark(
    "%(by)s lets you see the quotes and invoices of %(company)s. If you have no password yet, a link to create one "
    "comes in a mail of its own."
)
HAS_INVITED = mark("%(by)s lets %(name)s (%(email)s) see the quotes and invoices of %(company)s.")
RECIPIENT_ADDED = mark("%(by)s decided that invoices of %(company)s are mailed to %(email)s too.")
RECIPIENT_REMOVED = mark("%(by)s decided that invoices of %(company)s are no longer mailed to %(email)s.")
APPROVED = mark("Your request to change the billing contacts of %(company)s has been carried out.")
REJECTED = mark("Your request to change the billing contacts of %(company)s was not carried out: %(note)s")


def tell_asked(change: ContactChange) -> None:
    """Ask whoever verifies: the representative of a corporate account, support for an online one."""
    for person in _verifiers(change):
        send_mail(
            "contact-change-asked",
            mark("%(company)s asks to change its billing contacts"),
            Recipient(person.name, person.email, person.locale),
            {"change": change, "company": _one_line(change.account.name), "asker": _one_line(change.asked_by.name)},
            account_id=change.account_id,
        )


def tell_approved(change: ContactChange, applied: Applied) -> None:
    """The contact whom it concerned, at the former address; who came; and who asked."""
    told = set()
    if applied.concerned is not None and applied.mailbox is not None:
        _tell(change, applied.mailbox, CHANGED if change.kind == states.CHANGE else REMOVED)
        told.add(applied.concerned.person_id)
    if applied.came is not None:
        _tell(change, _mailbox(applied.came.person), CAME)
        told.add(applied.came.person_id)
    if change.asked_by_id not in told:
        _tell(change, _mailbox(change.asked_by), APPROVED)


def tell_rejected(change: ContactChange) -> None:
    """Who asked learns why."""
    _tell(change, _mailbox(change.asked_by), REJECTED)


def tell_invited(account: Account, came: BillingContact, by: Viewer) -> None:
    """Who was invited, and everybody who may change billing details."""
    context: dict[str, Any] = {
        "company": _one_line(account.name), "by": _one_line(by.display_name), "name": _one_line(came.person.name),
        "email": came.person.email, "note": "", "is_concerned": False,
    }  # fmt: skip
    send_mail("contact-changed", _SUBJECT, _mailbox(came.person), context | {"said": INVITED}, account_id=account.id)
    _tell_managers(account, context | {"said": HAS_INVITED, "is_concerned": True})


def tell_recipient(account: Account, email: str, by: Viewer, *, added: bool) -> None:
    """Everybody who may change billing details: invoices go to another address too, or to one less."""
    context: dict[str, Any] = {
        "company": _one_line(account.name), "by": _one_line(by.display_name), "email": email, "note": "",
        "said": RECIPIENT_ADDED if added else RECIPIENT_REMOVED, "is_concerned": True,
    }  # fmt: skip
    _tell_managers(account, context)


def _tell_managers(account: Account, context: dict[str, Any]) -> None:
    for contact in contacts_of(account.id):
        if contact.may_manage:
            send_mail("contact-changed", _SUBJECT, _mailbox(contact.person), context, account_id=account.id)


def _tell(change: ContactChange, to: Recipient, said: str) -> None:
    context: dict[str, Any] = {
        "company": _one_line(change.account.name), "said": said, "note": change.note,
        "is_concerned": said in (REMOVED, CHANGED),
    }  # fmt: skip
    send_mail("contact-changed", _SUBJECT, to, context, account_id=change.account_id)


def _verifiers(change: ContactChange) -> list[Person]:
    if change.account.is_corporate:
        rep = db.session().get(Person, change.account.rep_id) if change.account.rep_id is not None else None
        return [rep] if rep is not None and rep.is_active else managers_of(rep)
    support = select(Person).where(Person.staff_role == "support", Person.disabled_at.is_(None))
    return list(db.session().scalars(support.order_by(Person.id)))


def _mailbox(person: Person) -> Recipient:
    return Recipient(_one_line(person.name), person.email, person.locale)


def _one_line(text: str) -> str:
    return " ".join(text.split())
