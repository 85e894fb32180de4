"""A lower tier, as support applies it at the desk: what it comes to, at once or at the period's end (domain.md 6).

Nothing is written, and nothing is charged: at once the difference is credited as with any cheaper change, and at the
period's end the next period is billed at the price of the day on which it was agreed on. Where the lower tier costs
more today than was paid for the higher one, only the period's end is left: the desk pays nothing in a customer's name.
"""

from dataclasses import dataclass
from enum import StrEnum

from billing_core.catalogue.offers import OfferedTier
from billing_core.orders.online import refusals
from billing_core.orders.online.priced import PricedOrder, digest, facts
from billing_core.orders.online.pricing import (
    Counter,
    price,
    price_renewal,
    refuse_unless_editable,
    subscription_of,
)
from billing_core.orders.online.wishes import Change
from billing_core.subscriptions.models import Subscription


class When(StrEnum):
    """From which day on the lower tier is used and billed."""

    AT_ONCE = "at-once"
    AT_END = "at-end"


@dataclass(frozen=True)
class Downgrade:
    """A lower tier that can be applied. `order` is the change itself, or the period that begins with it."""

    subscription: Subscription
    tier: str
    unit_price: int
    when: When
    order: PricedOrder

    @property
    def digest(self) -> str:
        """The name of what the page showed: handed in by who applies it."""
        return digest([self.when, self.tier, self.unit_price, facts(self.order)])


def lower_tiers(counter: Counter, subscription: Subscription) -> list[OfferedTier]:
    """The tiers that are sold for the subscription's frequency and that are lower than its own, the lowest first."""
    offer = counter.offers.get(subscription.product.code)
    if offer is None:
        return []
    sold = [tier for tier in offer.tiers if subscription.frequency in tier.frequencies]
    return [tier for tier in sold if offer.is_downgrade(subscription.tier, tier.name)]


def price_downgrade(counter: Counter, public_id: str, tier: str, when: When) -> Downgrade:
    """What it comes to today, seats and frequency kept.

    Raises NotFound, BilledElsewhere, TrialNotEdited, SubscriptionExpired, RenewalUnpaid, CancellationPending,
    NothingChanges, NotSold, NotADowngrade, DearerDowngrade, NoTaxRate and AmountTooLarge.
    """
    subscription = subscription_of(counter.account.id, public_id)
    product, before = subscription.product, subscription.tier
    refuse_unless_editable(subscription, counter.day)
    if tier == before:
        raise refusals.NothingChanges(product=product.name)
    unit_price = counter.price(product.code, tier, subscription.frequency)
    if not counter.offer(product.code).is_downgrade(before, tier):
        raise refusals.NotADowngrade(before=before, after=tier)
    if when is When.AT_ONCE and unit_price > subscription.unit_price:
        raise refusals.DearerDowngrade.of(before, tier, subscription.unit_price, unit_price, subscription.currency)
    if when is When.AT_END:
        order = price_renewal(counter, subscription, (tier, unit_price))
    else:
        wish = Change(public_id, tier, subscription.seats, subscription.frequency)
        order = price(counter, [wish], allow_downgrade=True)
    return Downgrade(subscription, tier, unit_price, when, order)
