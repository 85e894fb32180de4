"""Renewals as the worker does them, and as a contact pays or cancels one. No transaction is open at the processor.

One period of a subscription a step, and one step a day: after a pause of weeks each period is billed, in their order,
on a day of its own.
"""

import logging

from billing_core import clock, db, jobs
from billing_core.orders.online import placing
from billing_core.orders.online.ending import cancel_subscription, online_account
from billing_core.orders.online.pricing import subscription_of
from billing_core.orders.online.queries import under_way_on
from billing_core.orders.online.refusals import OrderFormUsed, OrderUnderWay, PreviewStale, SubscriptionExpired
from billing_core.payments import charging, ordering
from billing_core.payments import service as payments
from billing_core.payments.beginning import card_on_file
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.ordering import Placed, payment_for
from billing_core.payments.processor import processor
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.permissions import Viewer
from billing_core.renewals import attempting, places, queries
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription

log = logging.getLogger(__name__)

FIND, ATTEMPT = "renewals.find", "renewal.attempt"
"""The job kinds; the second has the argument subscription."""


def find_due() -> int:
    """Handler of the job `renewals.find`: a job for each renewal about which something is to be done; how many."""
    with db.reading():
        due = queries.due()
    for public_id in due:
        db.perform(jobs.enqueue, ATTEMPT, once_key=f"{ATTEMPT}:{public_id}", subscription=public_id)
    return len(due)


def attempt(subscription: str) -> None:
    """Handler of the job `renewal.attempt`: the step that is due. Safe to run at any time, any number of times."""
    payment = db.perform(attempting.begin, subscription, processor().livemode)
    crashpoint("payment.begun")
    if payment is not None:
        charging.go_on(payment, with_owner=False)
        crashpoint("renewal.charged")
        db.perform(attempting.conclude, subscription)


def pay_renewal(
    viewer: Viewer, account: str, subscription: str, seen: str, form_key: str, *, means: Means = NEW_CARD,
    return_path: str = places.ORDERS,
) -> Placed:  # fmt: skip
    """A contact pays an overdue renewal by hand; it is billed from the original date. `seen` is the preview's digest.

    An attempt that waits for its owner is ended first; one that turns out to be paid is what comes back. The same form
    again is the same order. Raises NotFound, NotAllowed, NotKnownYet, OrderUnderWay, OrderFormUsed, PreviewStale,
    SubscriptionExpired (its time is over), CardRemoved, CardExpired and BrandNotAccepted.
    """
    with db.reading():
        found = queries.subscription_of(viewer, subscription)
        is_new = placing.made_by_form(viewer.person_id, f"{found.account_id}.{form_key}") is None
    waiting = _end_waiting(viewer, found) if is_new else None
    if waiting is not None:
        return waiting
    placed = db.perform(_place, viewer, account, found.public_id, seen, form_key, means, return_path)
    return ordering.proceed(viewer, placed)


def cancel(viewer: Viewer, account: str, public_id: str) -> Subscription:
    """Cancel as `cancel_subscription`; of an overdue one an attempt under way is ended first, and then all at once.

    One that turns out to be paid has renewed it: then the new period is the last one. Raises what that raises, and
    NotKnownYet where nobody can say what became of the attempt.
    """
    with db.reading():
        found = queries.subscription_of(viewer, public_id)
    _end_waiting(viewer, found)
    return db.perform(cancel_subscription, viewer, account, public_id)


def _end_waiting(viewer: Viewer, subscription: Subscription) -> Placed | None:
    """End the payment of a renewal that is under way; the order where that has carried it out instead."""
    with db.reading():
        order = queries.open_order(subscription)
        payment = payment_for(order) if order is not None else None
    if order is None or payment is None:
        return None
    ended = payments.cancel_payment(viewer, payment.public_id)
    return ordering.come_back(viewer, order.public_id) if ended.is_over else None


def _place(
    viewer: Viewer, account_name: str, public_id: str, seen: str, form_key: str, means: Means, return_path: str
) -> Placed:
    account = online_account(viewer, account_name)
    form = f"{account.id}.{form_key}"
    earlier = placing.made_by_form(viewer.person_id, form)
    card = card_on_file(viewer, account.id, means)
    if earlier is not None:
        payment = payment_for(earlier)
        same_card = payment is None or payment.card_id == (card.id if card is not None else None)
        if earlier.seen != seen or not same_card:
            raise OrderFormUsed
        return Placed(earlier, payment)
    subscriptions.locked([subscription_of(account.id, public_id).id])
    subscription, found = queries.overdue(viewer, public_id)
    if queries.has_had_its_time(subscription, clock.today(account.timezone)):
        raise SubscriptionExpired(product=subscription.product.name)
    if found.digest != seen:
        raise PreviewStale
    if under_way_on(account.id, [subscription.product_id]) is not None:
        raise OrderUnderWay(product=subscription.product.name)
    return ordering.put_down(viewer, account, found, form, seen, means, return_path)
