"""What time does to a quote, by the worker's hand. Each locks the quote and looks again: two workers do it once."""

from datetime import datetime, timedelta

from sqlalchemy import select

from billing_core import audit, clock, db
from corporate_portal.quotes import mails, states
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.service.locking import acceptors

REMIND_WITHIN = timedelta(hours=48)
"""The contacts are reminded when no more than this is left of a quote's validity."""
REMIND_AFTER = timedelta(hours=24)
"""Whoever got the quote less than this ago needs no reminder yet."""


def expire_quote(version_id: int) -> bool:
    """Write down that the deadline has passed. Whether it was written now; a decided quote stays what it is.

    The representative is told, unless the quote came in with its deadline already passed, as old ones do in an import.
    """
    version = _locked(version_id)
    if version is None or not states.QUOTE.allows(version.state, "expire") or not version.is_expired(clock.now()):
        return False
    version.state = states.QUOTE.after(version.state, "expire")
    audit.record("worker", "quote.expired", version.quote.public_id, version.account_id, version=version.version)
    if version.submitted_at and version.expires_at and version.submitted_at < version.expires_at:
        mails.tell_expired(version)
    return True


def remind_of_quote(version_id: int) -> bool:
    """Tell the contacts who may accept, and the representative, that the deadline is near: once a version."""
    version = _locked(version_id)
    if version is None or not is_to_be_reminded(version, clock.now()):
        return False
    version.reminded_at = clock.now()
    audit.record("worker", "quote.reminded", version.quote.public_id, version.account_id, version=version.version)
    first = version.first_acceptance
    waited_for = [one for one in acceptors(version.account_id) if first is None or one.person_id != first.person_id]
    mails.tell_ending(version, waited_for)
    return True


def is_to_be_reminded(version: QuoteVersion, now: datetime) -> bool:
    """Whether its reminder is due: open, nobody reminded yet, its deadline near, and not sent only just now."""
    is_open = version.is_outstanding(now) or version.is_awaiting_second(now)
    if not is_open or version.reminded_at is not None:
        return False
    if version.submitted_at is None or version.expires_at is None:
        return False
    return version.expires_at <= now + REMIND_WITHIN and version.submitted_at <= now - REMIND_AFTER


def _locked(version_id: int) -> QuoteVersion | None:
    quote_id = db.session().scalar(select(QuoteVersion.quote_id).where(QuoteVersion.id == version_id))
    db.session().execute(select(Quote.id).where(Quote.id == quote_id).with_for_update())
    whole = select(QuoteVersion).where(QuoteVersion.id == version_id).options(*WHOLE)
    return db.session().scalar(whole.execution_options(populate_existing=True))
