"""The rows that a verb locks before it looks, and the refusals that follow from what it sees then.

Locks are taken in the house's order, quote before account. Rights are read again under the lock.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from billing_core import clock, db, templating
from billing_core.errors import NotAllowed, NotFound
from billing_core.ledger.service import lock_account
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Right, Viewer, demand
from corporate_portal.quotes import policy, queries, states
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.policy import Author
from corporate_portal.quotes.refusals import (
    AlreadyDecided,
    AwaitsSecond,
    NewVersionComing,
    NotYourAccount,
    QuoteChanged,
    QuoteExpired,
    QuoteRefusal,
    QuoteWithdrawn,
)


def acceptors(account_id: int) -> list[BillingContact]:
    """The active contacts who may accept, the primary one first."""
    return [contact for contact in contacts_of(account_id) if contact.may_accept]


def refuse_unless_open(version: QuoteVersion, now: datetime) -> None:
    """Raise the refusal that says why a version can no longer be decided; its deadline is compared with `now`."""
    state, rep = version.shown_state(now), version.quote.rep.name
    if state == states.EXPIRED:
        day = templating.day(version.valid_until) if version.valid_until else ""
        raise QuoteExpired(day=day, zone=version.zone, rep=rep)
    if state == states.WITHDRAWN:
        raise QuoteWithdrawn(rep=rep)
    if not version.is_current:
        raise _what_follows(version)
    if version.decision is not None:
        decided_on = clock.local(version.decision.decided_at, version.zone).date()
        raise AlreadyDecided(person=version.decision.person_name, day=templating.day(decided_on))
    first = version.first_acceptance
    if state == states.AWAITING_SECOND and first is not None:
        accepted_on = clock.local(first.accepted_at, version.zone).date()
        raise AwaitsSecond(person=first.person_name, day=templating.day(accepted_on))
    if state not in states.OUTSTANDING:
        raise QuoteChanged


def _what_follows(version: QuoteVersion) -> QuoteRefusal:
    """Why a version that the customer still sees is not the one that counts: another is written, or was given up."""
    rep = version.quote.rep.name
    following = select(QuoteVersion.state).where(QuoteVersion.quote_id == version.quote_id, QuoteVersion.is_current)
    given_up = db.session().scalar(following) == states.WITHDRAWN
    return QuoteWithdrawn(rep=rep) if given_up else NewVersionComing(rep=rep)


def refuse_unless_reviewed(version: QuoteVersion, reviewed_sha256: str) -> None:
    """Raise QuoteChanged unless the text that was on the contact's screen is the one that counts."""
    if version.sha256 is None or reviewed_sha256 != version.sha256:
        raise QuoteChanged


def locked_for_contact(viewer: Viewer, public_id: str) -> tuple[QuoteVersion, BillingContact]:
    """The version that the customer sees, its quote and account locked, and the contact, who holds the right now.

    The right is read again under the lock: a contact who was removed since the request began decides nothing.
    """
    version, contact = locked_for_reader(viewer, public_id)
    demand(Right.ACCEPT, viewer, version.account_id)
    if not contact.may_accept:
        raise NotAllowed
    return version, contact


def locked_for_reader(viewer: Viewer, public_id: str) -> tuple[QuoteVersion, BillingContact]:
    """As locked_for_contact, for any billing contact of the account."""
    own = Quote.account_id.in_(sorted(viewer.account_ids))
    found = select(Quote).where(Quote.public_id == public_id, own)
    quote = db.session().scalar(found.with_for_update().execution_options(populate_existing=True))
    if quote is None:
        raise NotFound
    lock_account(quote.account_id)
    version = _one(quote, QuoteVersion.is_shown)
    if version is None:
        raise NotFound
    contact = next((c for c in contacts_of(quote.account_id) if c.person_id == viewer.person_id), None)
    if contact is None:
        raise NotAllowed
    return version, contact


def locked_for_author(author: Author, public_id: str) -> QuoteVersion:
    """The version that counts, its quote and account locked, for its representative or an import."""
    version = current_of(locked_quote(public_id))
    if not policy.may_write_for(author, version.quote.account):
        seen = isinstance(author, Viewer) and queries.sees_at_desk(author, version.account_id)
        raise NotYourAccount if seen else NotFound
    return version


def locked_quote(public_id: str) -> Quote:
    """The quote's row, locked and read anew. Raises NotFound. Whether the caller may see it, the caller must ask."""
    found = select(Quote).where(Quote.public_id == public_id)
    quote = db.session().scalar(found.with_for_update().execution_options(populate_existing=True))
    if quote is None:
        raise NotFound
    return quote


def current_of(quote: Quote) -> QuoteVersion:
    """The version that counts of a locked quote, whole, its account locked too."""
    lock_account(quote.account_id)
    version = _one(quote, QuoteVersion.is_current)
    if version is None:
        raise NotFound
    return version


def _one(quote: Quote, which: ColumnElement[bool] | InstrumentedAttribute[bool]) -> QuoteVersion | None:
    found = select(QuoteVersion).where(QuoteVersion.quote_id == quote.id, which)
    return db.session().scalars(found.options(*WHOLE).execution_options(populate_existing=True)).one_or_none()
