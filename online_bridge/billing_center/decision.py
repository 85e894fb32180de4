"""What can be done with a subscription in the Billing Center: pure, so that each state is a row of a table.

domain.md 6. The verbs decide again; this only says which buttons are worth pressing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_core.subscriptions.models import ONLINE, Subscription


class Action(StrEnum):
    """A button of a card, or an entry of its Options menu."""

    ADD_SEATS = "add_seats"
    EDIT = "edit"
    CANCEL = "cancel"
    COMPARE = "compare"
    REMOVE_CANCELLATION = "remove_cancellation"
    SUBSCRIBE_NOW = "subscribe_now"
    SUBSCRIBE_AGAIN = "subscribe_again"
    PAY_RENEWAL = "pay_renewal"


@dataclass(frozen=True)
class Situation:
    """Everything that decides about the buttons of one subscription."""

    status: str
    is_trial: bool = False
    began_online: bool = True
    """An online order began it; what was imported is changed by support."""
    is_sold: bool = True
    """The product can be bought online today."""
    has_tiers: bool = True
    another_lives: bool = False
    """Another subscription of the product runs and goes on."""
    may_order: bool = True
    """The viewer has the right to order."""


@dataclass(frozen=True)
class Actions:
    """Buttons on the card, and entries of the Options menu; no entry, no menu."""

    buttons: tuple[Action, ...] = ()
    options: tuple[Action, ...] = ()


def actions(situation: Situation) -> Actions:
    """The table. A trial has no Options menu; what is over can only be subscribed to (again)."""
    compare = (Action.COMPARE,) if situation.is_sold and situation.has_tiers else ()
    if situation.status == "expired" or situation.is_trial:
        return Actions(_subscribing(situation))
    if not situation.may_order or not situation.began_online:
        return Actions((), compare)
    if situation.status == "pending_cancellation":
        restorable = () if situation.another_lives else (Action.REMOVE_CANCELLATION,)
        return Actions(restorable, compare)
    if situation.status == "active":
        return Actions((Action.ADD_SEATS,), (Action.EDIT, Action.CANCEL, *compare))
    if situation.status == "payment_overdue":
        return Actions((Action.PAY_RENEWAL,), (Action.CANCEL, *compare))
    return Actions((), compare)


def _subscribing(situation: Situation) -> tuple[Action, ...]:
    """Of trials before and after their end, and of what has expired, imported or not: it is bought as a new one."""
    if not situation.may_order or not situation.is_sold or situation.another_lives:
        return ()
    if situation.is_trial:
        if situation.status not in ("trial", "expired"):
            return ()
        runs = situation.status == "trial"
        return (Action.SUBSCRIBE_NOW,) if situation.began_online or not runs else ()
    return (Action.SUBSCRIBE_AGAIN,)


def lives(subscription: Subscription, today: date) -> bool:
    """It runs and goes on: the one live subscription, or trial, of its product."""
    return subscription.is_running(today) and subscription.cancelled_on is None


def situation_of(
    subscription: Subscription,
    today: date,
    others: Iterable[Subscription],
    *,
    is_sold: bool,
    has_tiers: bool,
    may_order: bool,
) -> Situation:
    """Among the others of its account."""
    rivals = (one for one in others if one.product_id == subscription.product_id and one.id != subscription.id)
    return Situation(
        subscription.status(today), subscription.is_trial, subscription.source == ONLINE, is_sold, has_tiers,
        any(lives(one, today) for one in rivals), may_order,
    )  # fmt: skip


def worth_showing(found: list[Subscription], today: date) -> list[Subscription]:
    """Of each product what runs or is to come; where there is nothing, the one that ended last. In the same order."""
    present = {one.product_id for one in found if one.status(today) != "expired"}
    last: dict[int, Subscription] = {}
    for one in found:
        known = last.get(one.product_id)
        if known is None or (one.period_end, one.id) > (known.period_end, known.id):
            last[one.product_id] = one
    return [
        one
        for one in found
        if one.status(today) != "expired" or (one.product_id not in present and last[one.product_id] is one)
    ]
