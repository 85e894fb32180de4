"""Cancel a subscription, and remove a pending cancellation: a page that asks, and then what became of it."""

from collections.abc import Callable

from werkzeug.wrappers import Response

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.orders.online import ending, refusals
from billing_core.payments.refusals import NotKnownYet
from billing_core.permissions import Viewer
from billing_core.renewals import service as renewals
from billing_core.subscriptions.models import ONLINE, Subscription
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.billing_center import queries
from online_bridge.billing_center.views.blueprint import Answer, belongs_here, billing

OVERDUE = "payment_overdue"
NO_LONGER = (
    refusals.OrderUnderWay, refusals.SubscriptionExpired, refusals.TrialNotEdited, refusals.NotACancellation,
    refusals.AnotherRuns, refusals.BilledElsewhere, NotKnownYet,
)  # fmt: skip
"""Why it cannot be done any more: said on the Subscriptions page, which shows how it stands now."""


@billing.get("/billing/subscriptions/<string:public_id>/cancel")
@my_page()
def ask_cancel(public_id: str) -> Answer:
    """Options > Cancel Subscription: until when it can be used, and that nothing is refunded."""
    return _ask("online_bridge/cancel.html", public_id, {"active", OVERDUE})


@billing.post("/billing/subscriptions/<string:public_id>/cancel")
@my_page()
def cancel(public_id: str) -> Answer:
    """Switch the renewal off."""
    found = _do(renewals.cancel, public_id)
    if isinstance(found, Subscription):
        tell("success", mark("%(product)s is cancelled. We have confirmed it by mail."), product=found.product.name)
        return see("billing.subscriptions")
    return found


@billing.get("/billing/subscriptions/<string:public_id>/remove-cancellation")
@my_page()
def ask_remove_cancellation(public_id: str) -> Answer:
    """Remove Pending Cancellation: what that means, and the button that says yes."""
    return _ask("online_bridge/remove_cancellation.html", public_id, {"pending_cancellation"})


@billing.post("/billing/subscriptions/<string:public_id>/remove-cancellation")
@my_page()
def remove_cancellation(public_id: str) -> Answer:
    """The renewal is restored; the message that says so is a page of its own with Close."""
    found = _do(_restore, public_id)
    return see("billing.renewal_restored", public_id=public_id) if isinstance(found, Subscription) else found


@billing.get("/billing/subscriptions/<string:public_id>/renewal-restored")
@my_page()
def renewal_restored(public_id: str) -> Answer:
    """The message after a pending cancellation was removed."""
    return _ask("online_bridge/renewal_restored.html", public_id, {"active"})


def _restore(who: Viewer, account: str, public_id: str) -> Subscription:
    return db.perform(ending.remove_cancellation, who, account, public_id)


def _ask(template: str, public_id: str, states: set[str]) -> Answer:
    """The page, while the subscription is in one of the states; else the Subscriptions page says how it stands."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account_to_order_for(viewer())
        subscription = queries.own_subscription(account, public_id)
        if subscription.source != ONLINE:
            raise NotFound
        today = clock.today(account.timezone)
        status = subscription.status(today)
        if status not in states:
            return see("billing.subscriptions")
        return page(template, subscription=subscription, is_overdue=subscription.is_unpaid(today))


def _do(verb: Callable[[Viewer, str, str], Subscription], public_id: str) -> Subscription | Response:
    current = viewer().current
    if not belongs_here() or current is None:
        return see("routing.go_to_billing")
    try:
        return verb(viewer(), current.account_public_id, public_id)
    except NO_LONGER as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("billing.subscriptions")
