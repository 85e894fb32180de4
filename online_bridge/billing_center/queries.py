"""What the Billing Center shows of the viewer's own online account, and what is offered to it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.offers import FeatureRow, Offer
from billing_core.catalogue.queries import features_of, offer_of, offers_on
from billing_core.errors import NotFound
from billing_core.ledger.models import AccountBalance
from billing_core.orders.online.pricing import refuse_unless_editable, subscription_of
from billing_core.permissions import Right, Viewer, demand
from billing_core.subscriptions.models import SeatAssignment, Subscription
from online_bridge.billing_center.decision import Actions, actions, situation_of, worth_showing


@dataclass(frozen=True)
class Card:
    """A subscription as its card shows it."""

    subscription: Subscription
    status: str
    in_use: int
    """Seats that people have."""
    actions: Actions
    is_offered: bool
    """Its tier can be bought today."""

    @property
    def total(self) -> int:
        """What a whole period costs, net."""
        return self.subscription.seats * self.subscription.unit_price


@dataclass(frozen=True)
class Taken:
    """Products by id that an account has: live ones are not bought again, running and tried ones are not tried."""

    live: frozenset[int]
    running: frozenset[int]
    tried: frozenset[int]


def account(viewer: Viewer) -> Account:
    """The chosen account. Raises NotFound unless it is an online one and the viewer is its billing contact."""
    if viewer.current is None or not viewer.current.is_contact or viewer.current.account_kind != "online":
        raise NotFound
    return db.session().get_one(Account, viewer.current.account_id)


def account_to_order_for(viewer: Viewer) -> Account:
    """The same, where the viewer has the right to order. Raises NotFound and NotAllowed."""
    found = account(viewer)
    demand(Right.PAY, viewer, found.id)
    return found


def subscriptions(of: Account) -> list[Subscription]:
    """Subscriptions with their products, but for trials that were subscribed to: those that run longest first."""
    theirs = (Subscription.account_id == of.id, Subscription.ended_on.is_(None) | ~Subscription.is_trial)
    own = select(Subscription).where(*theirs).options(joinedload(Subscription.product))
    return list(db.session().scalars(own.order_by(Subscription.period_end.desc(), Subscription.id)))


def cards(viewer: Viewer, of: Account) -> list[Card]:
    """A card for each product: what runs of it, or what ended last. A renewal that is to be paid comes first."""
    today, found = clock.today(of.timezone), subscriptions(of)
    shown = worth_showing(found, today)
    used = seats_in_use({one.id for one in shown})
    sold = {offer.product_id: offer for offer in offers(of)}
    may_order = viewer.may(Right.PAY, of.id)
    built = []
    for one in shown:
        offer = sold.get(one.product_id)
        situation = situation_of(
            one, today, found, is_sold=offer is not None, has_tiers=bool(offer and offer.has_tiers), may_order=may_order
        )
        is_offered = offer is not None and offer.tier(one.tier) is not None
        built.append(Card(one, situation.status, used.get(one.id, 0), actions(situation), is_offered))
    return sorted(built, key=lambda card: card.status != "payment_overdue")


def seats_in_use(subscription_ids: Collection[int]) -> dict[int, int]:
    """How many people have a seat of each. One statement."""
    held = select(SeatAssignment.subscription_id, func.count()).where(
        SeatAssignment.subscription_id.in_(subscription_ids)
    )
    return {row[0]: row[1] for row in db.session().execute(held.group_by(SeatAssignment.subscription_id))}


def own_subscription(of: Account, public_id: str) -> Subscription:
    """One of the account's, with its product. Raises NotFound."""
    return subscription_of(of.id, public_id)


def editable(of: Account, public_id: str) -> Subscription:
    """One that can be edited today. Raises NotFound, TrialNotEdited, SubscriptionExpired and CancellationPending."""
    found = own_subscription(of, public_id)
    refuse_unless_editable(found, clock.today(of.timezone))
    return found


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


def taken(of: Account) -> Taken:
    """What stands against buying or trying. One statement."""
    today = clock.today(of.timezone)
    own = db.session().scalars(select(Subscription).where(Subscription.account_id == of.id)).all()
    paid = [one for one in own if one.is_running(today) and not one.is_trial]
    return Taken(
        frozenset(one.product_id for one in paid if one.cancelled_on is None),
        frozenset(one.product_id for one in paid),
        frozenset(one.product_id for one in own if one.is_trial),
    )


def offers(of: Account) -> list[Offer]:
    """What the account can buy online today, on its own calendar and in its currency."""
    return offers_on(clock.today(of.timezone), of.currency)


def offer(of: Account, product_code: str) -> Offer:
    """One of them. Raises NotFound where it is unknown or not sold online."""
    found = offer_of(product_code, clock.today(of.timezone), of.currency)
    if found is None:
        raise NotFound
    return found


def comparison(of: Account, product_code: str) -> tuple[Offer, list[FeatureRow]]:
    """One of them with what its tiers have. Raises NotFound where it is unknown or not sold online."""
    found = offer(of, product_code)
    return found, features_of([found.product_id]).get(found.product_id, [])
