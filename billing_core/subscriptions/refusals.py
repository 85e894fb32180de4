"""Why a subscription cannot be changed as it was ordered, in the words of the domain."""

from datetime import date, timedelta

from babel.support import LazyProxy

from billing_core import templating
from billing_core.errors import Invalid, Refusal
from billing_core.words import mark


class NotTheirSubscription(Refusal):
    """A line changes a subscription of another account."""

    message = mark("One of the lines changes a subscription that does not belong to this account.")


class TermOver(Refusal):
    """The term ended before the change could begin; a renewal can follow until the grace has passed."""

    message = mark("The term of %(product)s ended on %(day)s and can no longer be changed. Ask for a new quote.")


class TermRenewed(Refusal):
    """Another term follows on this one already."""

    message = mark("The term of %(product)s has been renewed already. Ask for a new quote.")


class TermNotMet(Refusal):
    """A renewal that would not begin on the day on which the term before it ends."""

    message = mark("A renewal of %(product)s begins on %(day)s, when the present term ends. Ask for a new quote.")


class TooFewSeats(Refusal):
    """More seats would leave than there are."""

    message = mark("%(product)s does not have enough seats for this: %(seats)s could still be removed.")


class NoSeats(Invalid):
    """A subscription for nobody: who wants none cancels it."""

    message = mark("A subscription needs at least one seat.")


class ChangeOutsidePeriod(Refusal):
    """A day before the present period, or from its end on, when the next one has begun or the subscription is over."""

    message = mark("The present billing period goes from %(first)s to %(last)s; %(day)s is not one of its days.")

    @classmethod
    def of(cls, day: date, period_start: date, period_end: date) -> "ChangeOutsidePeriod":
        """The refusal of a change on the day; period_end is the first day after the period."""
        last = period_end - timedelta(days=1)
        first_day, last_day, this_day = (_written_out(one) for one in (period_start, last, day))
        return cls(first=first_day, last=last_day, day=this_day)


def _written_out(day: date) -> LazyProxy:
    """In the language of whoever reads the refusal, which is known only then."""
    return LazyProxy(templating.day, day, enable_cache=False)
