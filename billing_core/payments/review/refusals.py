"""Why finance cannot decide so about a payment that was set aside."""

from billing_core.errors import Refusal
from billing_core.words import mark


class AlreadyDecided(Refusal):
    """Somebody else of finance was quicker."""

    message = mark("This payment was decided in the meantime. Nothing more was done.")


class FindingChanged(Refusal):
    """The page showed something else than what the processor has now."""

    message = mark(
        "The card processor says something else now. Nothing was done. Please look at it and decide once more."
    )


class NotPossibleNow(Refusal):
    """This cannot be done with what is at the processor."""

    message = mark("This decision is not possible for this payment. Nothing was done.")
