"""Quotes as the desk reads them: the version that counts of each, by what asks for attention."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.db.keyset import Slice, page_of
from billing_core.errors import NotFound
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.desk.queries.accounts import visible
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteApproval, QuoteDecision, QuoteMessage, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.queries import NEWEST_FIRST, is_open

SOON = timedelta(hours=48)
STUCK_AFTER = timedelta(days=3)
"""So long without being opened, or opened and not decided, and a quote needs a word."""
LATELY = timedelta(days=14)


def _expiring(now: datetime) -> ColumnElement[bool]:
    return and_(is_open(now), QuoteVersion.expires_at <= now + SOON)


def _sent(now: datetime) -> ColumnElement[bool]:
    """Open, nothing asked for, and time enough: each such quote is in one of the three parts that follow."""
    return and_(QuoteVersion.state == states.SENT, QuoteVersion.expires_at > now + SOON)


def _stuck(now: datetime) -> ColumnElement[bool]:
    since = now - STUCK_AFTER
    unseen = and_(QuoteVersion.first_viewed_at.is_(None), QuoteVersion.submitted_at <= since)
    return and_(_sent(now), or_(unseen, QuoteVersion.first_viewed_at <= since))


def _viewed(now: datetime) -> ColumnElement[bool]:
    return and_(_sent(now), QuoteVersion.first_viewed_at > now - STUCK_AFTER)


def _waiting(now: datetime) -> ColumnElement[bool]:
    return and_(_sent(now), QuoteVersion.first_viewed_at.is_(None), QuoteVersion.submitted_at > now - STUCK_AFTER)


def _changes(now: datetime) -> ColumnElement[bool]:
    return and_(is_open(now), QuoteVersion.state == states.CHANGE_REQUESTED)


def _second(now: datetime) -> ColumnElement[bool]:
    return and_(is_open(now), QuoteVersion.state == states.AWAITING_SECOND)


def _revivals(now: datetime) -> ColumnElement[bool]:
    asked = exists().where(
        QuoteMessage.quote_id == QuoteVersion.quote_id,
        QuoteMessage.kind == "revival",
        QuoteMessage.version == QuoteVersion.version,
    )
    lapsed = and_(QuoteVersion.state.in_(states.OPEN), QuoteVersion.expires_at <= now)
    return and_(or_(QuoteVersion.state == states.EXPIRED, lapsed), asked)


def _approval(_now: datetime) -> ColumnElement[bool]:
    return QuoteVersion.state == states.AWAITING_APPROVAL


def _drafts(_now: datetime) -> ColumnElement[bool]:
    return QuoteVersion.state == states.DRAFT


def _decided(now: datetime) -> ColumnElement[bool]:
    since = now - LATELY
    lapsed = and_(QuoteVersion.state.in_((*states.OPEN, states.EXPIRED)), QuoteVersion.expires_at.between(since, now))
    return or_(QuoteDecision.decided_at >= since, lapsed)


SHOWN: dict[str, tuple[str, Callable[[datetime], ColumnElement[bool]]]] = {
    "approval": (mark("Waiting for a manager’s approval"), _approval),
    "revivals": (mark("Expired and asked for again"), _revivals),
    "changes": (mark("Change asked for"), _changes),
    "second": (mark("Waiting for a second contact"), _second),
    "expiring": (mark("Expiring within 48 hours"), _expiring),
    "stuck": (mark("Stuck: 3 days not opened, or opened and not decided"), _stuck),
    "viewed": (mark("Opened in the last 3 days"), _viewed),
    "waiting": (mark("Sent and not opened yet"), _waiting),
    "drafts": (mark("Drafts"), _drafts),
    "decided": (mark("Decided or expired in the last 14 days"), _decided),
}
"""The parts of the work list in their order; the keys stand in addresses."""


def versions(viewer: Viewer) -> Select[QuoteVersion]:
    """The version that counts of every quote that the viewer may read, with what a row of a list shows."""
    return (
        select(QuoteVersion)
        .join(QuoteVersion.quote)
        .join(Quote.account)
        .outerjoin(QuoteVersion.decision)
        .where(QuoteVersion.is_current, visible(viewer))
        .options(
            contains_eager(QuoteVersion.quote).options(contains_eager(Quote.account), joinedload(Quote.rep)),
            contains_eager(QuoteVersion.decision),
        )
    )


def quotes(viewer: Viewer, show: str, search: str, after: str = "", before: str = "") -> Slice[QuoteVersion]:
    """Every quote that the viewer may read, filtered, the newest first. One statement. Unknown filters show all."""
    rows = versions(viewer)
    if show in SHOWN:
        rows = rows.where(SHOWN[show][1](clock.now()))
    wanted = db.searchable(search)
    if wanted:
        named = Account.name_folded.contains(wanted, autoescape=True)
        rows = rows.where(or_(named, Quote.number == wanted.upper()))
    return page_of(rows, NEWEST_FIRST, after, before)


def current_version(viewer: Viewer, public_id: str) -> QuoteVersion:
    """A quote's version that counts, whole. Raises NotFound for other representatives' accounts."""
    return whole_version(viewer, public_id, QuoteVersion.is_current.is_(True))


def whole_version(viewer: Viewer, public_id: str, which: ColumnElement[bool]) -> QuoteVersion:
    """One version of a quote that the viewer may read, with everything of it. Raises NotFound."""
    named = select(QuoteVersion).join(Quote, QuoteVersion.quote_id == Quote.id)
    named = named.join(Account, Quote.account_id == Account.id).where(Quote.public_id == public_id)
    found = db.session().scalar(named.where(which, visible(viewer)).options(*WHOLE))
    if found is None:
        raise NotFound
    return found


def sent_before(viewer: Viewer, public_id: str, number: int) -> QuoteVersion:
    """A version that was sent, by its number. Raises NotFound."""
    which = and_(QuoteVersion.version == number, QuoteVersion.submitted_at.is_not(None))
    return whole_version(viewer, public_id, which)


def approvals_of(version: QuoteVersion) -> list[QuoteApproval]:
    """When managers were asked about this version and what they answered, the last first."""
    asked = select(QuoteApproval).where(QuoteApproval.version_id == version.id)
    people = (joinedload(QuoteApproval.asked_by), joinedload(QuoteApproval.decided_by))
    return list(db.session().scalars(asked.options(*people).order_by(QuoteApproval.id.desc())))
