"""What the jobs and pages ask about renewals."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.states import PLACED
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.cards.queries import kept_for
from billing_core.payments.ordering import Preview, preview_renewal
from billing_core.permissions import Viewer
from billing_core.renewals import schedule
from billing_core.renewals.models import RenewalAttempt
from billing_core.subscriptions.models import Subscription

EASTERNMOST = timedelta(hours=14)
"""No calendar is further ahead of UTC."""

TO_BE_RENEWED = (
    Account.kind == "online", Subscription.is_live, Subscription.is_trial.is_(False),
    Subscription.cancelled_on.is_(None), Subscription.ended_on.is_(None),
)  # fmt: skip
"""As `Subscription.renews`, of online accounts alone."""


def due() -> list[str]:
    """The subscriptions, by public id, about whose renewal something is to be done today. One statement."""
    latest = (clock.now() + EASTERNMOST).date()
    is_time = func.coalesce(Subscription.retry_on, Subscription.period_end) <= latest
    rows = select(Subscription.public_id, Subscription.period_end, Subscription.retry_on, Account.timezone).join(
        Account, Account.id == Subscription.account_id
    )
    found = db.session().execute(rows.where(*TO_BE_RENEWED, is_time).order_by(Subscription.period_end, Subscription.id))
    today: dict[str, date] = {}
    return [
        public_id
        for public_id, period_end, retry_on, zone in found
        if (retry_on or period_end) <= today.setdefault(zone, clock.today(zone))
    ]


def attempts(subscription: Subscription) -> Sequence[RenewalAttempt]:
    """Those to bill the period that follows on the present one, in their order. One statement."""
    own = (
        RenewalAttempt.subscription_id == subscription.id,
        RenewalAttempt.period_start == subscription.period_end,
    )
    return db.session().scalars(select(RenewalAttempt).where(*own).order_by(RenewalAttempt.number)).all()


def last_day(subscription: Subscription) -> date | None:
    """The day of the latest attempt, for whatever period. One statement."""
    days = select(func.max(RenewalAttempt.day)).where(RenewalAttempt.subscription_id == subscription.id)
    return db.session().scalar(days)


def open_order(subscription: Subscription) -> OnlineOrder | None:
    """The placed order that would renew the subscription, by whomever. One statement."""
    about = select(OnlineOrder).join(OnlineOrderLine, OnlineOrderLine.order_id == OnlineOrder.id)
    named = (OnlineOrderLine.subscription_id == subscription.id, OnlineOrderLine.effect == "renew")
    return db.session().scalar(about.where(*named, OnlineOrder.state == PLACED))


def default_card(account_id: int) -> SavedCard | None:
    """The saved method that a renewal charges: the card that is proposed first. One statement."""
    return next(iter(kept_for(account_id)), None)


def overdue(viewer: Viewer, public_id: str) -> tuple[Subscription, Preview]:
    """A subscription of the viewer's whose renewal is not paid, with what that comes to now. Raises NotFound.

    Who pays it ends an attempt that waits: what such an attempt holds is free.
    """
    subscription = subscription_of(viewer, public_id)
    if not is_overdue(subscription):
        raise NotFound
    return subscription, preview_renewal(subscription, instead_of=open_order(subscription))


def is_overdue(subscription: Subscription) -> bool:
    """Its period is over, and the next one can still be paid."""
    return subscription.is_unpaid(clock.today(zone_of(subscription.account_id)))


def has_had_its_time(subscription: Subscription, today: date) -> bool:
    """The last day on which the renewal is tried is over: by hand it is not begun any more. One statement."""
    tries = attempts(subscription)
    return today > schedule.last_try(tries[0].day if tries else subscription.period_end)


def account_of(viewer: Viewer, public_id: str) -> str:
    """The public id of the account of one of the viewer's subscriptions. Raises NotFound."""
    account_id = subscription_of(viewer, public_id).account_id
    return next(one.account_public_id for one in viewer.standings if one.account_id == account_id)


def subscription_of(viewer: Viewer, public_id: str) -> Subscription:
    """A subscription of one of the online accounts that the viewer is a contact of. Raises NotFound."""
    if not db.is_storable(public_id):
        raise NotFound
    mine = [one.account_id for one in viewer.standings if one.is_contact and one.account_kind == "online"]
    named = select(Subscription).where(Subscription.public_id == public_id, Subscription.account_id.in_(mine))
    found = db.session().scalar(named.options(joinedload(Subscription.product)))
    if found is None:
        raise NotFound
    return found


def zone_of(account_id: int) -> str:
    """The zone of the account's calendar."""
    return db.session().scalars(select(Account.timezone).where(Account.id == account_id)).one()


def expiring(on_or_before: date) -> list[tuple[SavedCard, Account]]:
    """The default cards of online accounts that renew something, valid until that day at most. One statement."""
    renews = select(Subscription.id).where(Subscription.account_id == Account.id, *TO_BE_RENEWED[1:]).exists()
    rows = select(SavedCard, Account).join(Account, Account.id == SavedCard.account_id)
    month = SavedCard.exp_year * 12 + SavedCard.exp_month <= on_or_before.year * 12 + on_or_before.month
    kept = (SavedCard.is_default, SavedCard.removed_at.is_(None), Account.kind == "online", Account.closed_on.is_(None))
    found = db.session().execute(rows.where(*kept, month, renews))
    return [(card, account) for card, account in found]


def key_of(public_id: str, day: date) -> str:
    """Under which a notice about it and the day is sent once."""
    return f"{public_id}:{day.isoformat()}"
