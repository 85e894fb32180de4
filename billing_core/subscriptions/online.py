"""The verbs of online subscriptions: bought, tried, changed, cancelled (domain.md 6).

As in `service`, whoever calls them holds the locks of the account and of the subscription, and has decided whether it
may be. What must never be double stands behind them as unique indexes: a live subscription, and a trial, of a product.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, update

from billing_core import audit, db
from billing_core.accounts import Account
from billing_core.subscriptions.models import ONLINE, SeatAssignment, Subscription
from billing_core.subscriptions.service import hand_over


@dataclass(frozen=True)
class Plan:
    """What runs from a day on, with the tax that the period is invoiced with. period_end is exclusive."""

    tier: str
    seats: int
    frequency: str
    unit_price: int
    period_start: date
    period_end: date
    anchor_day: int
    tax_category: str
    tax_rate: int | None
    invoice_line_id: int | None
    """The invoice's line of the period; None where a credit note, or nothing, was issued for it."""
    is_paid: bool = True


def of_product(account_id: int, product_id: int) -> list[Subscription]:
    """The account's subscriptions of a product, also those that are over, the newest first. One statement."""
    own = select(Subscription).where(Subscription.account_id == account_id, Subscription.product_id == product_id)
    return list(db.session().scalars(own.order_by(Subscription.id.desc())))


def seats_in_use(subscription_id: int) -> int:
    """How many people have a seat of it. One statement."""
    held = select(func.count()).where(SeatAssignment.subscription_id == subscription_id)
    return db.session().scalar(held) or 0


def start_online(
    account: Account, product_id: int, plan: Plan, cause: str, actor: str, *, is_trial: bool = False
) -> Subscription:
    """Begin a subscription of a locked account; one that is over gives up its place as the live one of the product.

    `cause` is unique: the same line of an order begins one subscription.
    """
    over = (Subscription.account_id == account.id, Subscription.product_id == product_id, Subscription.is_live)
    ended = (Subscription.period_end <= plan.period_start) | (Subscription.ended_on <= plan.period_start)
    db.session().execute(update(Subscription).where(*over, ended).values(is_live=False))
    begun = Subscription(
        public_id=db.public_id("sub"), source=ONLINE, external_id=cause, account_id=account.id, product_id=product_id,
        tier=plan.tier, seats=plan.seats, frequency=plan.frequency, unit_price=plan.unit_price,
        currency=account.currency, period_start=plan.period_start, period_end=plan.period_end, is_trial=is_trial,
        removed_at_end=0, is_live=True, anchor_day=plan.anchor_day, is_paid=not is_trial,
        invoice_line_id=plan.invoice_line_id, tax_category=plan.tax_category, tax_rate=plan.tax_rate,
    )  # fmt: skip
    db.session().add(begun)
    db.session().flush()
    action = "subscription.trial_started" if is_trial else "subscription.started"
    audit.record(actor, action, begun.public_id, account.id, cause=cause, seats=plan.seats, tier=plan.tier)
    return begun


def end_trial(trial: Subscription, on: date, actor: str) -> None:
    """Somebody subscribed before the trial's end: it ends, and its place is free."""
    trial.is_live, trial.ended_on = False, on
    db.session().flush()
    audit.record(actor, "subscription.trial_ended", trial.public_id, trial.account_id)


def follow_trial(trial: Subscription, following: Subscription, actor: str) -> None:
    """Whoever had a seat of the trial has one of what follows."""
    hand_over(trial, following, actor)


def change_online(subscription: Subscription, plan: Plan, cause: str, actor: str) -> None:
    """Tier, seats or frequency become the plan's, with its period.

    Another tier or frequency takes the place of a downgrade that was planned; other seats leave it as it is.
    """
    if (subscription.tier, subscription.frequency) != (plan.tier, plan.frequency):
        drop_downgrade(subscription, "replaced", actor)
    before = {"tier": subscription.tier, "seats": subscription.seats, "frequency": subscription.frequency}
    for name in (
        "tier", "seats", "frequency", "unit_price", "period_start", "period_end", "anchor_day", "tax_category",
        "tax_rate", "invoice_line_id", "is_paid",
    ):  # fmt: skip
        setattr(subscription, name, getattr(plan, name))
    db.session().flush()
    after = {"tier": plan.tier, "seats": plan.seats, "frequency": plan.frequency}
    audit.record(
        actor, "subscription.changed", subscription.public_id, subscription.account_id, cause=cause,
        **{f"{name}_before": value for name, value in before.items()}, **after,
    )  # fmt: skip


def plan_downgrade(subscription: Subscription, tier: str, unit_price: int, actor: str) -> None:
    """Its next period begins with a lower tier at this price; one that was planned before is replaced."""
    subscription.planned_tier, subscription.planned_price = tier, unit_price
    db.session().flush()
    audit.record(
        actor, "subscription.downgrade_planned", subscription.public_id, subscription.account_id, tier=tier,
        tier_before=subscription.tier, unit_price=unit_price,
    )  # fmt: skip


def drop_downgrade(subscription: Subscription, why: str, actor: str) -> None:
    """No downgrade is planned any more. Harmless where none was."""
    if subscription.planned_tier is None:
        return
    detail = {"tier": subscription.planned_tier, "why": why}
    subscription.planned_tier = subscription.planned_price = None
    db.session().flush()
    audit.record(
        actor, "subscription.downgrade_dropped", subscription.public_id, subscription.account_id, **detail
    )  # fmt: skip


def renew_online(subscription: Subscription, plan: Plan, cause: str, actor: str) -> None:
    """The next period begins where the last one ended, with the seats that hold; nothing is overdue any more.

    A downgrade that was planned takes place with it.
    """
    lowered = {"tier_before": subscription.tier, "tier": plan.tier} if subscription.tier != plan.tier else {}
    subscription.tier, subscription.unit_price = plan.tier, plan.unit_price
    subscription.planned_tier = subscription.planned_price = None
    subscription.period_start, subscription.period_end = plan.period_start, plan.period_end
    subscription.tax_category, subscription.tax_rate = plan.tax_category, plan.tax_rate
    subscription.invoice_line_id, subscription.is_paid = plan.invoice_line_id, plan.is_paid
    subscription.retry_on = None
    db.session().flush()
    audit.record(
        actor, "subscription.renewed", subscription.public_id, subscription.account_id, cause=cause,
        period_start=str(plan.period_start), period_end=str(plan.period_end), **lowered,
    )  # fmt: skip


def expire_online(subscription: Subscription, on: date, why: str, actor: str) -> None:
    """Its renewal was not paid in time: it ends on the day, and nothing is claimed for the days since its period."""
    subscription.is_live, subscription.ended_on, subscription.retry_on = False, on, None
    db.session().flush()
    audit.record(actor, "subscription.expired", subscription.public_id, subscription.account_id, why=why)


def cancel_online(subscription: Subscription, on: date, actor: str) -> None:
    """Switch the renewal off; use goes on until the period's end, and ends at once where that is over."""
    subscription.cancelled_on, subscription.is_live, subscription.retry_on = on, False, None
    db.session().flush()
    audit.record(actor, "subscription.cancelled", subscription.public_id, subscription.account_id)


def restore_online(subscription: Subscription, actor: str) -> None:
    """Take a pending cancellation back: it is renewed again."""
    subscription.cancelled_on, subscription.is_live = None, True
    db.session().flush()
    audit.record(actor, "subscription.cancellation_removed", subscription.public_id, subscription.account_id)
