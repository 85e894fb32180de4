"""What the Billing Center shows of the viewer's own online account, and what is offered to it."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.offers import FeatureRow, Offer
from billing_core.catalogue.queries import features_of, offer_of, offers_on
from billing_core.errors import NotFound
from billing_core.ledger.models import AccountBalance
from billing_core.permissions import Viewer
from billing_core.subscriptions.models import Subscription


def account(viewer: Viewer) -> Account:
    """The chosen account. Raises NotFound unless it is an online one and the viewer is its billing contact."""
    if viewer.current is None or not viewer.current.is_contact or viewer.current.account_kind != "online":
        raise NotFound
    return db.session().get_one(Account, viewer.current.account_id)


def subscriptions(of: Account) -> list[Subscription]:
    """Subscriptions with their products, but for trials that were subscribed to: those that run longest first."""
    theirs = (Subscription.account_id == of.id, Subscription.ended_on.is_(None) | ~Subscription.is_trial)
    own = select(Subscription).where(*theirs).options(joinedload(Subscription.product))
    return list(db.session().scalars(own.order_by(Subscription.period_end.desc(), Subscription.id)))


def credit_balances(of: Account) -> list[AccountBalance]:
    """The account's credit in each currency that has some."""
    rows = select(AccountBalance).where(AccountBalance.account_id == of.id, AccountBalance.credit > 0)
    return list(db.session().scalars(rows.order_by(AccountBalance.currency)))


def running(of: Account) -> dict[int, list[Subscription]]:
    """The subscriptions that run today by product id, with their products."""
    found: dict[int, list[Subscription]] = {}
    today = clock.today(of.timezone)
    for subscription in subscriptions(of):
        if subscription.is_running(today):
            found.setdefault(subscription.product_id, []).append(subscription)
    return found


def offers(of: Account) -> list[Offer]:
    """What the account can buy online today, on its own calendar and in its currency."""
    return offers_on(clock.today(of.timezone), of.currency)


def comparison(of: Account, product_code: str) -> tuple[Offer, list[FeatureRow]]:
    """One of them with what its tiers have. Raises NotFound where it is unknown or not sold online."""
    offer = offer_of(product_code, clock.today(of.timezone), of.currency)
    if offer is None:
        raise NotFound
    return offer, features_of([offer.product_id]).get(offer.product_id, [])
