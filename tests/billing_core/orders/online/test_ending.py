"""Cancel a subscription, and remove the pending cancellation."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update
from time_machine import Traveller

from billing_core import clock, db
from billing_core.catalogue.models import Product
from billing_core.errors import NotAllowed, NotFound
from billing_core.mail.models import OutboxMail
from billing_core.orders.online import refusals
from billing_core.orders.online.ending import cancel_subscription, remove_cancellation
from billing_core.orders.online.wishes import Change, Try
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from tests.factories import core, plans
from tests.factories.shop import Shop
from tests.factories.till import CardTill

Deed = Callable[[Viewer, str, str], Subscription]


def do(at: Shop, deed: Deed, at_place: int = -1, viewer: Viewer | None = None) -> Subscription:
    return db.perform(deed, viewer or at.buyer, at.account.public_id, at.subscriptions()[at_place].public_id)


def kinds() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id)))


def test_a_cancelled_subscription_runs_to_its_end_and_can_be_restored(at: Shop, till: CardTill) -> None:
    at.bought(till, at.buy())
    today = date(2026, 6, 1)
    assert do(at, cancel_subscription).status(today) == "pending_cancellation"
    do(at, cancel_subscription)
    with pytest.raises(refusals.CancellationPending):
        at.see(Change(at.subscription().public_id, "Pro", 6, "monthly"))
    assert do(at, remove_cancellation).status(today) == "active"
    with pytest.raises(refusals.NotACancellation):
        do(at, remove_cancellation)
    assert kinds() == ["order-confirmed", "subscription-cancelled", "cancellation-removed"]


def test_while_pending_a_new_plan_begins_a_new_one_and_the_old_one_stays_cancelled(at: Shop, till: CardTill) -> None:
    at.bought(till, at.buy())
    do(at, cancel_subscription)
    at.bought(till, at.buy(2))
    assert [one.is_live for one in at.subscriptions()] == [False, True]
    with pytest.raises(refusals.AnotherRuns):
        do(at, remove_cancellation, 0)


def test_what_is_over_or_a_trial_or_anothers_is_not_cancelled(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy())
    at.order(Try(at.other.code, "Pro", 1))
    with pytest.raises(refusals.TrialNotEdited):
        do(at, cancel_subscription)
    reader = core.viewer(core.contact(at.account, rights=""), Realm.MY)
    with pytest.raises(NotAllowed):
        do(at, cancel_subscription, 0, reader)
    with pytest.raises(NotFound):
        do(at, cancel_subscription, 0, core.viewer(core.contact(core.account(kind="online")), Realm.MY))
    do(at, cancel_subscription, 0)
    clocks.move_to(datetime(2026, 7, 1, 10, tzinfo=UTC), tick=False)
    for deed, refusal in (
        (cancel_subscription, refusals.SubscriptionExpired), (remove_cancellation, refusals.NotACancellation),
    ):  # fmt: skip
        with pytest.raises(refusal):
            do(at, deed, 0)


def test_what_was_not_ordered_here_is_not_changed_here(at: Shop, till: CardTill) -> None:
    """Another system bills it: no credit for money that never came here, and no renewal beside that system's."""
    subscription = plans.subscribed(at.account, plans.tiered(), source="demo")
    cancelled = plans.subscribed(at.account, plans.tiered(), source="demo", cancelled_on=clock.today("Europe/Berlin"))
    with pytest.raises(refusals.BilledElsewhere):
        at.see(Change(subscription.public_id, "Pro", 2, "monthly"))
    for verb, of in ((cancel_subscription, subscription), (remove_cancellation, cancelled)):
        with pytest.raises(refusals.BilledElsewhere):
            db.perform(verb, at.buyer, at.account.public_id, of.public_id)
    with db.reading() as session:
        assert session.get_one(Subscription, cancelled.id).is_live is False


def test_who_has_fewer_seats_than_are_sold_today_may_keep_them(at: Shop, till: CardTill) -> None:
    at.bought(till, at.buy(2))
    more = update(Product).where(Product.id == at.product.id).values(least_seats=5)
    db.perform(lambda: db.session().execute(more))
    of = at.subscription().public_id
    assert at.see(Change(of, "Plus", 2, "monthly")).charge > 0
    with pytest.raises(refusals.SeatsNotPossible):
        at.see(Change(of, "Plus", 1, "monthly"))
