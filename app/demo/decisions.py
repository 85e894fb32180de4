"""What people of the demo did with their quotes, done by the real verbs: invoices, orders and mails come from these."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from billing_core import db, words
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer, viewer_of
from corporate_portal.quotes import queries
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.content import Acceptance, Rejection
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.terms import declaration
from corporate_portal.quotes.refusals import QuoteRefusal
from corporate_portal.quotes.service import (
    accept_quote,
    draft_sha256,
    reject_quote,
    submit_quote,
    withdraw_quote,
)

SOURCE = "demo"
"""The source of the demo's rows."""

SUBMITTED = {"q-lindner-rollout": "brandt", "q-brightwell-webinar": "grant", "q-minato-more": "grant"}
"""Drafts that their representative submits: the customer's mail is in the mailbox. The last one asks the manager."""
ACCEPTED = {
    "q-lindner-webinar": ("vogt", "4500073120"),
    "q-brightwell-training": ("reid", ""),
    "q-bergmann-assist": ("keller", ""),
}
"""By whom and with which PO number."""
REJECTED = {
    "q-kestrel-assist": ("marsh", "The Glasgow office moves in with us next year and needs no seats of its own."),
}
WITHDRAWN = {"q-sequoia-webinar": "grant"}
DECIDED = frozenset({*ACCEPTED, *REJECTED, *WITHDRAWN})


def submit(suffix: str = "") -> None:
    """Submit the drafts with this ending of their key."""
    for quote, rep in SUBMITTED.items():
        _unless_moved(_submit, quote + suffix, rep)


def decide() -> None:
    """Accept, reject and withdraw."""
    for quote, (contact, po_number) in ACCEPTED.items():
        _unless_moved(_accept, quote, contact, po_number)
    for quote, (contact, reason) in REJECTED.items():
        _unless_moved(_reject, quote, contact, reason)
    for quote, rep in WITHDRAWN.items():
        _unless_moved(_withdraw, quote, rep)


def _unless_moved(verb: Callable[..., None], *arguments: Any) -> None:
    """Do it, unless an earlier run that was interrupted did it, or somebody else decided meanwhile."""
    try:
        db.perform(verb, *arguments)
    except QuoteRefusal:
        return


def _submit(quote: str, rep: str) -> None:
    public_id = _public_id(quote)
    current = select(QuoteVersion).join(Quote, Quote.id == QuoteVersion.quote_id).where(QuoteVersion.is_current)
    version = db.session().scalars(current.where(Quote.public_id == public_id).options(*WHOLE)).one()
    submit_quote(_viewer(rep, Realm.DESK), public_id, draft_sha256(version))


def _withdraw(quote: str, rep: str) -> None:
    withdraw_quote(_viewer(rep, Realm.DESK), _public_id(quote))


def _accept(quote: str, contact: str, po_number: str) -> None:
    viewer, public_id = _viewer(contact, Realm.PORTAL), _public_id(quote)
    version = queries.current_version(viewer, public_id)
    standing = viewer.standing_in(version.account_id)
    said = declaration(version, viewer.display_name, standing.function if standing else "", viewer.locale)
    acceptance = Acceptance(version.sha256 or "", said.sha256, viewer.locale, po_number)
    with words.in_language(viewer.locale):
        accept_quote(viewer, public_id, acceptance)


def _reject(quote: str, contact: str, reason: str) -> None:
    viewer, public_id = _viewer(contact, Realm.PORTAL), _public_id(quote)
    version = queries.current_version(viewer, public_id)
    with words.in_language(viewer.locale):
        reject_quote(viewer, public_id, Rejection(version.sha256 or "", reason))


def person_of(key: str) -> Person:
    """The demo's person of that key."""
    return db.session().scalars(select(Person).where(Person.source == SOURCE, Person.external_id == key)).one()


def _viewer(key: str, realm: Realm) -> Viewer:
    return viewer_of(person_of(key), realm)


def _public_id(key: str) -> str:
    quote = select(Quote.public_id).where(Quote.source == SOURCE, Quote.external_id == key)
    return db.session().scalars(quote).one()
