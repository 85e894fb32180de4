"""What people of the demo did with their quotes, done by the real verbs: invoices, orders and mails come from these."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from billing_core import db, words
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer, viewer_of
from corporate_portal.quotes import queries
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.content import Acceptance, Rejection, content_of
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.terms import declaration
from corporate_portal.quotes.refusals import QuoteRefusal
from corporate_portal.quotes.service import (
    accept_quote,
    change_draft,
    draft_sha256,
    reject_quote,
    revise_quote,
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
    "q-hanse-change": ("petersen", ""),
}
"""By whom and with which PO number."""
REJECTED = {
    "q-kestrel-assist": ("marsh", "The Glasgow office moves in with us next year and needs no seats of its own."),
}
WITHDRAWN = {"q-sequoia-webinar": "grant"}
REVISED = {"q-kestrel-meeting": ("grant", 4), "q-alpenblick-meeting": ("brandt", 2)}
"""By whom, and how many seats more the first line of the second version has."""
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
    for quote, (rep, seats) in REVISED.items():
        _unless_moved(_revise, quote, rep, seats)


def _unless_moved(verb: Callable[..., None], *arguments: Any) -> None:
    """Do it, unless an earlier run that was interrupted did it, or somebody else decided meanwhile."""
    try:
        db.perform(verb, *arguments)
    except QuoteRefusal:
        return


def _submit(quote: str, rep: str) -> None:
    public_id = public_id_of(quote)
    current = select(QuoteVersion).join(Quote, Quote.id == QuoteVersion.quote_id).where(QuoteVersion.is_current)
    version = db.session().scalars(current.where(Quote.public_id == public_id).options(*WHOLE)).one()
    submit_quote(viewer_of_key(rep, Realm.DESK), public_id, draft_sha256(version))


def _withdraw(quote: str, rep: str) -> None:
    withdraw_quote(viewer_of_key(rep, Realm.DESK), public_id_of(quote))


def _revise(quote: str, rep: str, more_seats: int) -> None:
    viewer, public_id = viewer_of_key(rep, Realm.DESK), public_id_of(quote)
    current = select(QuoteVersion).where(QuoteVersion.is_current, QuoteVersion.quote.has(Quote.public_id == public_id))
    if db.session().scalars(current).one().version > 1:
        return
    version = revise_quote(viewer, public_id)
    content = content_of(version, own_prices=True)
    first = replace(content.lines[0], quantity=content.lines[0].quantity + more_seats)
    content = replace(content, lines=(first, *content.lines[1:]))
    version = change_draft(viewer, public_id, content, draft_sha256(version))
    submit_quote(viewer, public_id, draft_sha256(version))


def _accept(quote: str, contact: str, po_number: str) -> None:
    viewer, public_id = viewer_of_key(contact, Realm.PORTAL), public_id_of(quote)
    version = queries.current_version(viewer, public_id)
    standing = viewer.standing_in(version.account_id)
    said = declaration(version, viewer.display_name, standing.function if standing else "", viewer.locale)
    acceptance = Acceptance(version.sha256 or "", said.sha256, viewer.locale, po_number)
    with words.in_language(viewer.locale):
        accept_quote(viewer, public_id, acceptance)


def _reject(quote: str, contact: str, reason: str) -> None:
    viewer, public_id = viewer_of_key(contact, Realm.PORTAL), public_id_of(quote)
    version = queries.current_version(viewer, public_id)
    with words.in_language(viewer.locale):
        reject_quote(viewer, public_id, Rejection(version.sha256 or "", reason))


def person_of(key: str) -> Person:
    """The demo's person of that key."""
    return db.session().scalars(select(Person).where(Person.source == SOURCE, Person.external_id == key)).one()


def viewer_of_key(key: str, realm: Realm) -> Viewer:
    """The demo's person of that key, signed in."""
    return viewer_of(person_of(key), realm)


def public_id_of(key: str) -> str:
    """The public id of the demo's quote of that key."""
    quote = select(Quote.public_id).where(Quote.source == SOURCE, Quote.external_id == key)
    return db.session().scalars(quote).one()
