"""What the vendor's staff read. A representative finds the own accounts only; for the others every quote exists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue import queries as catalogue
from billing_core.catalogue.models import Price
from billing_core.db.keyset import Slice, page_of
from billing_core.errors import NotFound
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.policy import sees_all_quotes
from corporate_portal.quotes.queries import NEWEST_FIRST, is_open

SOON = timedelta(hours=48)
LATELY = timedelta(days=14)
MOST_ACCOUNTS = 50
_IN_WORK_LIST = 10


@dataclass(frozen=True)
class WorkList:
    """One part of the landing page; `has_more` says that the full list goes on."""

    show: str
    heading: str
    versions: list[QuoteVersion]
    has_more: bool


def _expiring(now: datetime) -> ColumnElement[bool]:
    return and_(is_open(now), QuoteVersion.expires_at <= now + SOON)


def _waiting(now: datetime) -> ColumnElement[bool]:
    return and_(is_open(now), QuoteVersion.expires_at > now + SOON)


def _drafts(_now: datetime) -> ColumnElement[bool]:
    return QuoteVersion.state == states.DRAFT


def _decided(now: datetime) -> ColumnElement[bool]:
    since = now - LATELY
    lapsed = and_(
        QuoteVersion.state.in_((*states.OUTSTANDING, states.EXPIRED)), QuoteVersion.expires_at.between(since, now)
    )
    return or_(QuoteDecision.decided_at >= since, lapsed)


SHOWN: dict[str, tuple[str, Callable[[datetime], ColumnElement[bool]]]] = {
    "expiring": (mark("Expiring within 48 hours"), _expiring),
    "waiting": (mark("Waiting for the customer"), _waiting),
    "drafts": (mark("Drafts"), _drafts),
    "decided": (mark("Decided or expired in the last 14 days"), _decided),
}
"""The parts of the work list in their order; the keys stand in addresses."""


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    if sees_all_quotes(viewer):
        return true()
    return Account.rep_id == viewer.person_id if viewer.is_staff("rep") else false()


def _versions(viewer: Viewer) -> Select[QuoteVersion]:
    return (
        select(QuoteVersion)
        .join(QuoteVersion.quote)
        .join(Quote.account)
        .outerjoin(QuoteVersion.decision)
        .where(QuoteVersion.is_current, _visible(viewer))
        .options(
            contains_eager(QuoteVersion.quote).options(contains_eager(Quote.account), joinedload(Quote.rep)),
            contains_eager(QuoteVersion.decision),
        )
    )


def work_lists(viewer: Viewer) -> list[WorkList]:
    """The landing page: what asks for attention, the newest first in each part. One statement a part."""
    now, found = clock.now(), []
    for show, (heading, condition) in SHOWN.items():
        part = page_of(_versions(viewer).where(condition(now)), NEWEST_FIRST, "", "", _IN_WORK_LIST)
        found.append(WorkList(show, heading, part.rows, part.following is not None))
    return found


def quotes(viewer: Viewer, show: str, search: str, after: str = "", before: str = "") -> Slice[QuoteVersion]:
    """Every quote that the viewer may read, filtered, the newest first. One statement. Unknown filters show all."""
    rows = _versions(viewer)
    if show in SHOWN:
        rows = rows.where(SHOWN[show][1](clock.now()))
    wanted = _searchable(search)
    if wanted:
        named = Account.name_folded.contains(wanted, autoescape=True)
        rows = rows.where(or_(named, Quote.number == wanted.upper()))
    return page_of(rows, NEWEST_FIRST, after, before)


def _searchable(text: str) -> str:
    """What was typed, in the form in which names are searched; what cannot be seen finds nothing."""
    return db.folded("".join(c for c in text if c.isprintable()).strip())[:100]


def current_version(viewer: Viewer, public_id: str) -> QuoteVersion:
    """A quote's version that counts, whole. Raises NotFound for other representatives' accounts."""
    named = select(QuoteVersion).join(Quote, QuoteVersion.quote_id == Quote.id)
    named = named.join(Account, Quote.account_id == Account.id).where(Quote.public_id == public_id)
    found = db.session().scalar(named.where(QuoteVersion.is_current, _visible(viewer)).options(*WHOLE))
    if found is None:
        raise NotFound
    return found


def _own_accounts(viewer: Viewer) -> Select[Account]:
    own = Account.rep_id == viewer.person_id if viewer.is_staff("rep") else false()
    return select(Account).where(own, Account.kind == "corporate", Account.closed_on.is_(None))


def own_accounts(viewer: Viewer, search: str) -> tuple[list[Account], bool]:
    """The representative's open accounts by name, and whether there are more than are shown."""
    rows = _own_accounts(viewer)
    wanted = _searchable(search)
    if wanted:
        rows = rows.where(or_(Account.name_folded.contains(wanted, autoescape=True), Account.number == wanted.upper()))
    found = db.session().scalars(rows.order_by(Account.name_folded, Account.id).limit(MOST_ACCOUNTS + 1)).all()
    return list(found[:MOST_ACCOUNTS]), len(found) > MOST_ACCOUNTS


def own_account(viewer: Viewer, public_id: str) -> Account:
    """One of the representative's own accounts, with its seller. Raises NotFound for any other."""
    named = _own_accounts(viewer).where(Account.public_id == public_id).options(joinedload(Account.seller))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return found


def offers(account: Account) -> list[Price]:
    """What can be put into a quote for the account today."""
    return catalogue.prices_on(clock.today(account.seller.timezone), account.currency)
