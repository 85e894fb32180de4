"""The verbs of subscriptions: they begin, change and follow one another through fulfilled orders only.

Those of online accounts are in `online`.

Whoever calls them holds the lock of the account and, from `locked`, that of the subscription: account before
subscription, subscriptions by id.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db
from billing_core.errors import Invalid
from billing_core.people import Person
from billing_core.subscriptions.models import SeatAssignment, Subscription
from billing_core.subscriptions.refusals import TooFewSeats


@dataclass(frozen=True)
class SubscriptionStart:
    """What begins: period_end is exclusive; unit_price is per seat and billing period, in smallest units."""

    account_id: int
    product_id: int
    tier: str
    seats: int
    frequency: str
    unit_price: int
    currency: str
    period_start: date
    period_end: date
    source: str
    external_id: str
    """Unique in its source: the same cause starts one subscription, however often it is told."""


def locked(subscription_ids: Iterable[int]) -> dict[int, Subscription]:
    """The subscriptions with their products, locked in the order of their ids and read anew."""
    rows = select(Subscription).where(Subscription.id.in_(sorted(set(subscription_ids)))).order_by(Subscription.id)
    whole = rows.options(joinedload(Subscription.product, innerjoin=True))
    found = whole.with_for_update(of=Subscription, key_share=True).execution_options(populate_existing=True)
    return {subscription.id: subscription for subscription in db.session().scalars(found)}


def start_subscription(begins: SubscriptionStart, actor: str) -> Subscription:
    """The subscription that its cause began, now or before. Raises Invalid for no seats or no days."""
    if begins.seats <= 0 or begins.period_end <= begins.period_start:
        raise Invalid("A subscription needs at least one seat and one day.")
    public_id = db.public_id("sub")
    if db.add_if_absent(Subscription, public_id=public_id, is_trial=False, removed_at_end=0, **asdict(begins)):
        audit.record(actor, "subscription.started", public_id, begins.account_id, cause=begins.external_id)
    caused = select(Subscription).where(
        Subscription.source == begins.source, Subscription.external_id == begins.external_id
    )
    return db.session().scalars(caused).one()


def renew_subscription(former: Subscription, begins: SubscriptionStart, actor: str) -> Subscription:
    """Write down the term that follows on a locked one's, ahead of its first day: so it is not sold a second time.

    `hand_over` is for that day.
    """
    following = start_subscription(begins, actor)
    if former.renewed_by_id is None:
        former.renewed_by_id = following.id
        db.session().flush()
        audit.record(actor, "subscription.renewed", former.public_id, former.account_id, by=following.public_id)
    return following


def hand_over(former: Subscription, following: Subscription, actor: str) -> None:
    """Whoever has a seat of the term that ends keeps it in the one that begins, as far as there are seats."""
    for assigned in assignments_of(former):
        assign_seat(following, assigned.person_id, actor)


def add_seats(subscription: Subscription, seats: int, actor: str, cause: str) -> None:
    """Seats join a locked subscription."""
    subscription.seats += seats
    _note(subscription, "subscription.seats_added", seats, actor, cause)


def remove_seats(subscription: Subscription, seats: int, actor: str, cause: str) -> None:
    """Seats leave a locked subscription, of which one stays. Whoever got a seat last loses it first.

    Raises TooFewSeats.
    """
    if subscription.seats - seats < 1:
        raise TooFewSeats(product=subscription.product.name, seats=max(subscription.seats - 1, 0))
    subscription.seats -= seats
    subscription.removed_at_end = min(subscription.removed_at_end, subscription.seats)
    _note(subscription, "subscription.seats_removed", seats, actor, cause)
    for assigned in assignments_of(subscription)[subscription.seats :]:
        db.session().delete(assigned)
        _note_seat(subscription, "seat.withdrawn", assigned.person_id, actor)


def leave_out_at_end(subscription: Subscription, seats: int, actor: str, cause: str) -> None:
    """Seats of a locked subscription are not to be renewed: they leave with the term (domain.md 4)."""
    subscription.removed_at_end += seats
    _note(subscription, "subscription.seats_leave_at_end", seats, actor, cause)


def _note(subscription: Subscription, action: str, seats: int, actor: str, cause: str) -> None:
    db.session().flush()
    audit.record(actor, action, subscription.public_id, subscription.account_id, seats=seats, cause=cause)


def assign_seat(subscription: Subscription, person_id: int, actor: str) -> bool:
    """Give the person a seat of a locked or new subscription; whether the person has one now."""
    holders = {assigned.person_id for assigned in assignments_of(subscription)}
    if person_id in holders:
        return True
    if len(holders) >= subscription.seats:
        return False
    assigned = SeatAssignment(subscription_id=subscription.id, person_id=person_id, assigned_at=clock.now())
    db.session().add(assigned)
    db.session().flush()
    _note_seat(subscription, "seat.assigned", person_id, actor)
    return True


def _note_seat(subscription: Subscription, action: str, person_id: int, actor: str) -> None:
    person = db.session().get_one(Person, person_id)
    audit.record(actor, action, subscription.public_id, subscription.account_id, person=person.public_id)


def assignments_of(subscription: Subscription) -> list[SeatAssignment]:
    """Who has its seats, in the order in which they got them."""
    held = select(SeatAssignment).where(SeatAssignment.subscription_id == subscription.id)
    return list(db.session().scalars(held.order_by(SeatAssignment.id)))
