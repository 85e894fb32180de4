"""Why an online order cannot be placed, in the words of the domain (domain.md 6)."""

from babel.support import LazyProxy

from billing_core import money, words
from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class EmptyOrder(Invalid):
    """Nothing is wished."""

    message = mark("Your cart is empty. Choose a product first.")


class NotSold(Invalid):
    """The product, tier or frequency has no price in the account's currency today."""

    message = mark("%(product)s is not sold in this form at present. Please choose again.")


class SeatsNotPossible(Invalid):
    """No whole number of seats, or more than one order takes."""

    message = mark("Enter a number of seats from %(least)s to %(most)s.")


class SeatsInUse(Invalid):
    """Fewer seats than people use."""

    message = mark("%(used)s seats of %(product)s are in use. Release seats first, or keep at least %(used)s.")


class TierDowngrade(Refusal):
    """A lower tier is support's to apply (domain.md 6)."""

    message = mark(
        "A change of %(product)s from %(before)s to %(after)s goes to our support team. Write to %(email)s, "
        "and they change it for you."
    )


class NotADowngrade(Refusal):
    """Support applies lower tiers only; every other change is the customer's to order."""

    message = mark("%(after)s is not a lower plan than %(before)s. The customer orders this change online.")


class DearerDowngrade(Refusal):
    """What was sold keeps its price, so a lower tier can cost more today; then it begins with the next period."""

    message = mark(
        "%(after)s costs %(then)s a seat today, more than the %(now)s that this subscription pays for %(before)s. "
        "It can begin with the next period: choose the period's end."
    )

    @classmethod
    def of(cls, before: str, after: str, now: int, then: int, currency: str) -> "DearerDowngrade":
        """The refusal with both prices, written when it is read."""
        shown = [LazyProxy(_shown, amount, currency, enable_cache=False) for amount in (now, then)]
        return cls(before=before, after=after, now=shown[0], then=shown[1])


def _shown(amount: int, currency: str) -> str:
    return money.show(amount, currency, words.locale())


class BilledElsewhere(Refusal):
    """It was imported: its periods, invoices and renewals are not ours (ADR 33)."""

    message = mark("%(product)s was not ordered here. Change it where it is billed.")


class NothingChanges(Invalid):
    """Tier, seats and frequency are what they were."""

    message = mark("Nothing about %(product)s would change.")


class AlreadySubscribed(Refusal):
    """One live subscription per product and account."""

    message = mark("You have a subscription to %(product)s already. Edit it instead.")


class TrialUsed(Refusal):
    """One trial per product and account, ever."""

    message = mark("Your account has tried %(product)s already. You can subscribe to it at any time.")


class OnlyToSubscribe(Refusal):
    """An expired account can only subscribe again (domain.md 2a)."""

    message = mark("All subscriptions of your account have ended. You can subscribe to %(product)s, but not try it.")


class TwiceInOrder(Invalid):
    """The same product in two lines."""

    message = mark("%(product)s is in this order twice. Remove one of the two.")


class SubscriptionExpired(Refusal):
    """What is over is not changed; a new one can be bought."""

    message = mark("Your subscription to %(product)s has expired. Subscribe again.")


class CancellationPending(Refusal):
    """It is edited only after the cancellation was removed."""

    message = mark("%(product)s is cancelled at the end of the period. Remove the pending cancellation first.")


class RenewalUnpaid(Refusal):
    """The period is over and the next one is not paid yet."""

    message = mark("The renewal of %(product)s is not paid yet. Pay it first.")


class NotACancellation(Refusal):
    """No cancellation is pending, or the period is over."""

    message = mark("There is no pending cancellation of %(product)s.")


class AnotherRuns(Refusal):
    """A new subscription took the place of the one that was cancelled."""

    message = mark("A new subscription to %(product)s is running. The cancelled one cannot be renewed.")


class TrialNotEdited(Refusal):
    """Trials are subscribed to, not edited; and they end by themselves."""

    message = mark("A trial cannot be changed or cancelled: it ends by itself. Subscribe to %(product)s instead.")


class OrderUnderWay(Refusal):
    """A payment for a change of the same product is open."""

    message = mark("A payment for %(product)s is under way. Finish or cancel it first.")


class PreviewStale(Refusal):
    """Another day, price, tax or credit than the person saw: it is shown again before anything is ordered."""

    message = mark("The amounts have changed since this page was loaded. Nothing was ordered. Please check them again.")


class OrderFormUsed(Refusal):
    """The same form was sent before, for something else."""

    message = mark("This form was already used for another order. Nothing more was ordered. Open your cart again.")


class NoLongerApplicable(Refusal):
    """Money came for an order that its subscriptions no longer allow; it becomes account credit."""

    message = mark("The order can no longer be carried out: %(product)s has changed meanwhile.")
