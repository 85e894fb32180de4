"""Why something cannot be put in a cart."""

from billing_core.errors import Invalid
from billing_core.words import mark


class NotAWish(Invalid):
    """Neither to buy, nor to try, nor to change."""

    message = mark("This page is not up to date any more. Please choose again.")
