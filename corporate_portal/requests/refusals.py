"""The named refusals around requests."""

from billing_core.errors import Refusal
from billing_core.words import mark


class RequestAnswered(Refusal):
    """A quote was made from it, or it was closed with an answer."""

    message = mark("This request has been answered already. Nothing was changed.")
