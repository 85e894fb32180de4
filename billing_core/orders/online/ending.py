"""Cancel a subscription, and take the cancellation back: the two verbs of an online contact that cost nothing."""

from billing_core import clock
from billing_core.accounts import Account
from billing_core.errors import NotAllowed, NotFound
from billing_core.ledger.service import lock_account
from billing_core.orders.online import mails, refusals
from billing_core.orders.online.pricing import refuse_unless_ours, subscription_of
from billing_core.orders.online.queries import under_way_on
from billing_core.permissions import Right, Viewer, demand
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.online import cancel_online, of_product, restore_online


def cancel_subscription(viewer: Viewer, account_public_id: str, public_id: str) -> Subscription:
    """Switch the renewal off: use goes on until the period's end, and nothing is refunded (domain.md 6).

    Again, it changes nothing. Raises NotFound, NotAllowed, OrderUnderWay, SubscriptionExpired, TrialNotEdited and
    BilledElsewhere.
    """
    account, subscription = _locked(viewer, account_public_id, public_id)
    refuse_unless_ours(subscription)
    today, name = clock.today(account.timezone), subscription.product.name
    if subscription.is_trial:
        raise refusals.TrialNotEdited(product=name)
    if not subscription.is_running(today):
        raise refusals.SubscriptionExpired(product=name)
    if subscription.cancelled_on is not None:
        return subscription
    _refuse_while_under_way(account, subscription)
    cancel_online(subscription, today, viewer.actor)
    mails.tell_cancelled(viewer, account, subscription)
    return subscription


def remove_cancellation(viewer: Viewer, account_public_id: str, public_id: str) -> Subscription:
    """The subscription is renewed again at its period's end.

    Raises NotFound, NotAllowed, OrderUnderWay, BilledElsewhere, NotACancellation (none is pending, or the period is
    over), and AnotherRuns where a new subscription of the product lives by now.
    """
    account, subscription = _locked(viewer, account_public_id, public_id)
    refuse_unless_ours(subscription)
    today, name = clock.today(account.timezone), subscription.product.name
    if subscription.cancelled_on is None or not subscription.is_running(today):
        raise refusals.NotACancellation(product=name)
    others = of_product(account.id, subscription.product_id)
    if any(one.is_running(today) and one.cancelled_on is None for one in others):
        raise refusals.AnotherRuns(product=name)
    _refuse_while_under_way(account, subscription)
    restore_online(subscription, viewer.actor)
    mails.tell_restored(viewer, account, subscription)
    return subscription


def online_account(viewer: Viewer, public_id: str) -> Account:
    """An online account of the viewer's, locked. Raises NotFound, and NotAllowed without the right to order."""
    standing = next((one for one in viewer.standings if one.account_public_id == public_id and one.is_contact), None)
    if standing is None or standing.account_kind != "online":
        raise NotFound
    demand(Right.PAY, viewer, standing.account_id)
    account = lock_account(standing.account_id)
    if account.closed_on is not None:
        raise NotAllowed
    return account


def _locked(viewer: Viewer, account_public_id: str, public_id: str) -> tuple[Account, Subscription]:
    account = online_account(viewer, account_public_id)
    named = subscription_of(account.id, public_id)
    return account, subscriptions.locked([named.id])[named.id]


def _refuse_while_under_way(account: Account, subscription: Subscription) -> None:
    if under_way_on(account.id, [subscription.product_id]) is not None:
        raise refusals.OrderUnderWay(product=subscription.product.name)
