"""Why a subscription cannot be changed as it was ordered, in the words of the domain."""

from billing_core.errors import Refusal
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
