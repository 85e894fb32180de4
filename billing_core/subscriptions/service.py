"""Subscriptions come into being through fulfilled orders only."""

from dataclasses import dataclass
from datetime import date

from billing_core import audit, db
from billing_core.errors import Invalid
from billing_core.subscriptions.models import Subscription


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


def start_subscription(begins: SubscriptionStart, actor: str) -> bool:
    """Start it unless its cause already has; whether it was started now. Raises Invalid for no seats or no days."""
    if begins.seats <= 0 or begins.period_end <= begins.period_start:
        raise Invalid("A subscription needs at least one seat and one day.")
    public_id = db.public_id("sub")
    values = {name: getattr(begins, name) for name in SubscriptionStart.__dataclass_fields__}
    if not db.add_if_absent(Subscription, public_id=public_id, is_trial=False, **values):
        return False
    audit.record(actor, "subscription.started", public_id, begins.account_id, cause=begins.external_id)
    return True
