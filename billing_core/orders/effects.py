"""What the lines of an order do to subscriptions, seats and people: checked at acceptance, done on each line's day.

The account is locked, and so are the subscriptions that a line is about. Every effect stands in the transaction that
marks its line as fulfilled: it happens once, or not at all.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from billing_core import audit, clock, db, templating
from billing_core.accounts import Account
from billing_core.orders.models import OrderLine, ServiceOrder
from billing_core.people import Membership, Person
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.refusals import (
    NotTheirSubscription,
    TermNotMet,
    TermOver,
    TermRenewed,
    TooFewSeats,
)
from billing_core.subscriptions.service import SubscriptionStart

CHANGING = ("renew", "add", "remove")
"""These are about a subscription that exists."""


def start_instant(day: date, zone: str) -> datetime:
    """The first instant of the day in the zone."""
    return clock.end_of_day(day - timedelta(days=1), zone)


def waiting_days(order: ServiceOrder) -> list[date]:
    """The days on which lines still take effect."""
    return sorted({line.term_start for line in order.lines if line.fulfilled_at is None})


def check(order: ServiceOrder, account: Account) -> None:
    """Raise the refusal that says why a line cannot take effect: another account's, over, renewed, too few seats.

    The lines are written. Orders that wait for their day count as done.
    """
    lines = [line for line in order.lines if line.effect in CHANGING]
    found = _locked(lines)
    today = clock.today(account.timezone)
    for line in lines:
        subscription = found.get(line.subscription_id or 0)
        if subscription is None or subscription.account_id != account.id:
            raise NotTheirSubscription
        if line.effect == "renew":
            _check_renewal(line, subscription, today)
        else:
            _check_change(line, subscription, today)
    for subscription in found.values():
        _check_seats(subscription, [line for line in lines if line.subscription_id == subscription.id])


def _check_renewal(line: OrderLine, subscription: Subscription, today: date) -> None:
    product = subscription.product.name
    if subscription.renewed_by_id is not None:
        raise TermRenewed(product=product)
    if today >= subscription.grace_end:
        raise TermOver(product=product, day=templating.day(subscription.last_day))
    if line.term_start != subscription.period_end:
        raise TermNotMet(product=product, day=templating.day(subscription.period_end))


def _check_change(line: OrderLine, subscription: Subscription, today: date) -> None:
    product = subscription.product.name
    at_end = line.effect == "remove" and not line.is_credited
    if at_end and subscription.renewed_by_id is not None:
        raise TermRenewed(product=product)
    if subscription.is_over(today) or (not at_end and subscription.is_over(line.term_start)):
        raise TermOver(product=product, day=templating.day(subscription.last_day))


def _check_seats(subscription: Subscription, lines: Sequence[OrderLine]) -> None:
    """One seat stays while the term lasts; at its end all may go."""
    leaving = _seats_that_leave(subscription.id)
    credited = sum(line.seats for line in lines if line.effect == "remove" and line.is_credited)
    if credited and subscription.seats - leaving < 1:
        raise _too_few(subscription, subscription.seats - 1 - leaving + credited)
    at_end = sum(line.seats for line in lines if line.effect == "remove" and not line.is_credited)
    free = subscription.seats - leaving - subscription.removed_at_end
    if at_end > free:
        raise _too_few(subscription, free)


def _too_few(subscription: Subscription, seats: int) -> TooFewSeats:
    return TooFewSeats(product=subscription.product.name, seats=max(seats, 0))


def _seats_that_leave(subscription_id: int) -> int:
    """By credited removals whose day has not come, of this order and of others."""
    waiting = select(func.coalesce(func.sum(OrderLine.seats), 0)).where(
        OrderLine.subscription_id == subscription_id,
        OrderLine.effect == "remove",
        OrderLine.is_credited,
        OrderLine.fulfilled_at.is_(None),
    )
    return int(db.session().scalar(waiting) or 0)


def begin(order: ServiceOrder, actor: str) -> None:
    """What has to stand from the acceptance on: the terms that follow, and the seats that are not to be renewed."""
    found = _locked(order.lines)
    for line in order.lines:
        if line.effect == "renew":
            subscriptions.renew_subscription(_about(found, line), _term(order, line), actor)
        elif line.effect == "remove" and not line.is_credited:
            subscriptions.leave_out_at_end(_about(found, line), line.seats, actor, order.public_id)
            line.fulfilled_at = clock.now()


def take_effect(order: ServiceOrder, account: Account, actor: str) -> None:
    """Do what is due of a locked order on the account's calendar, once: seats join before others leave."""
    now = clock.now()
    due = [line for line in order.lines if line.fulfilled_at is None and _is_due(line, account, now)]
    found = _locked(due)
    for line in sorted(due, key=lambda line: (line.effect == "remove", line.position)):
        subscription = _do(order, line, found, actor)
        line.fulfilled_at = now
        if subscription is not None and order.admin_person_id is not None:
            subscriptions.assign_seat(subscription, order.admin_person_id, actor)
    if order.admin_person_id is not None and (due or not waiting_days(order)):
        _appoint(account, order.admin_person_id, actor)
    db.session().flush()


def _is_due(line: OrderLine, account: Account, now: datetime) -> bool:
    return now >= start_instant(line.term_start, account.timezone)


def _do(order: ServiceOrder, line: OrderLine, found: dict[int, Subscription], actor: str) -> Subscription | None:
    """The subscription that the line begins or adds to; none where it only takes away or is delivered once."""
    match line.effect:
        case "start" if line.term_end is not None:
            return subscriptions.start_subscription(_term(order, line), actor)
        case "renew":
            following = subscriptions.start_subscription(_term(order, line), actor)
            subscriptions.hand_over(_about(found, line), following, actor)
            return following
        case "add":
            subscription = _about(found, line)
            subscriptions.add_seats(subscription, line.seats, actor, order.public_id)
            return subscription
        case "remove" if line.is_credited:
            subscriptions.remove_seats(_about(found, line), line.seats, actor, order.public_id)
    return None


def _term(order: ServiceOrder, line: OrderLine) -> SubscriptionStart:
    return SubscriptionStart(
        account_id=order.account_id, product_id=line.product_id, tier=line.tier, seats=line.seats,
        frequency=line.frequency, unit_price=line.unit_price, currency=line.currency, period_start=line.term_start,
        period_end=line.term_end or line.term_start, source="order", external_id=f"{order.public_id}-{line.position}",
    )  # fmt: skip


def _locked(lines: Sequence[OrderLine]) -> dict[int, Subscription]:
    return subscriptions.locked(line.subscription_id for line in lines if line.subscription_id is not None)


def _about(found: dict[int, Subscription], line: OrderLine) -> Subscription:
    """The subscription of a line that was checked at acceptance."""
    if line.subscription_id is None:
        raise NotTheirSubscription
    return found[line.subscription_id]


def _appoint(account: Account, person_id: int, actor: str) -> None:
    """Make the admin contact an admin of the account; harmless where they are one."""
    db.add_if_absent(Membership, person_id=person_id, account_id=account.id, is_admin=False)
    place = select(Membership).where(Membership.person_id == person_id, Membership.account_id == account.id)
    membership = db.session().scalars(place.with_for_update().execution_options(populate_existing=True)).one()
    if membership.is_admin:
        return
    membership.is_admin = True
    person = db.session().get_one(Person, person_id)
    audit.record(actor, "account.admin_appointed", person.public_id, account.id)
