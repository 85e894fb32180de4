"""What may be read about requests. The viewer comes first: another account's request is simply not found."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue import queries as catalogue
from billing_core.catalogue.models import Product
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.permissions import Viewer
from billing_core.subscriptions import queries as subscriptions
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.queries import at_desk
from corporate_portal.requests import states
from corporate_portal.requests.models import QuoteRequest

NEWEST_FIRST = Key((QuoteRequest.id,), descending=True)
OLDEST_FIRST = Key((QuoteRequest.id,))


@dataclass(frozen=True)
class Sold:
    """A product in one of its tiers, as it can be asked for."""

    product: Product
    tier: str


@dataclass(frozen=True)
class Choices:
    """What a contact of an account can ask for today."""

    running: list[Subscription]
    sold: list[Sold]


def choices(account: Account) -> Choices:
    """The running subscriptions of an account with its seller, and everything recurring sold in its currency."""
    today = clock.today(account.timezone)
    own = [one for one in subscriptions.of_account(account.id) if not one.is_trial and today < one.period_end]
    prices = catalogue.prices_on(clock.today(account.seller.timezone), account.currency)
    sold = {
        (price.product.code, price.tier): Sold(price.product, price.tier)
        for price in prices
        if _recurs(price.frequency)
    }
    return Choices(own, list(sold.values()))


def _recurs(frequency: str) -> bool:
    return frequency != "once"


def current_account(viewer: Viewer) -> Account:
    """The account that the contact has chosen, with its seller. Raises NotFound."""
    chosen = viewer.current.account_id if viewer.current else None
    found = db.session().scalar(select(Account).where(Account.id == chosen).options(joinedload(Account.seller)))
    if found is None:
        raise NotFound
    return found


def _whole(rows: Select[QuoteRequest]) -> Select[QuoteRequest]:
    return rows.options(
        joinedload(QuoteRequest.product),
        joinedload(QuoteRequest.person),
        joinedload(QuoteRequest.subscription).joinedload(Subscription.product),
        joinedload(QuoteRequest.quote),
    )


def own_requests(viewer: Viewer, after: str = "", before: str = "") -> Slice[QuoteRequest]:
    """What the chosen account's contacts asked for, the newest first. One statement."""
    chosen = viewer.current.account_id if viewer.current else None
    return page_of(_whole(select(QuoteRequest).where(QuoteRequest.account_id == chosen)), NEWEST_FIRST, after, before)


def quotes_sent(requests: list[QuoteRequest]) -> set[int]:
    """The ids of the requests whose quote the customer can already see. One statement."""
    drafted = [request.quote_id for request in requests if request.quote_id is not None]
    shown = select(QuoteVersion.quote_id).where(QuoteVersion.quote_id.in_(drafted), QuoteVersion.is_shown)
    found = set(db.session().scalars(shown)) if drafted else set()
    return {request.id for request in requests if request.quote_id in found}


def visible_at_desk(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Account: those whose quotes the viewer reads."""
    return at_desk(viewer)


def _at_desk(viewer: Viewer) -> Select[QuoteRequest]:
    rows = select(QuoteRequest).join(QuoteRequest.account).where(visible_at_desk(viewer))
    return _whole(rows.options(contains_eager(QuoteRequest.account)))


def open_requests(viewer: Viewer, after: str = "", before: str = "", size: int = 20) -> Slice[QuoteRequest]:
    """What waits for an answer, the oldest first. One statement."""
    waiting = _at_desk(viewer).where(QuoteRequest.state == states.OPEN)
    return page_of(waiting, OLDEST_FIRST, after, before, size)


def all_requests(viewer: Viewer, after: str = "", before: str = "") -> Slice[QuoteRequest]:
    """Every request, answered or not, the newest first. One statement."""
    return page_of(_at_desk(viewer), NEWEST_FIRST, after, before)


def request_at_desk(viewer: Viewer, public_id: str) -> QuoteRequest:
    """One request, whole. Raises NotFound for other representatives' accounts."""
    found = db.session().scalar(_at_desk(viewer).where(QuoteRequest.public_id == public_id))
    if found is None:
        raise NotFound
    return found
