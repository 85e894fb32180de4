"""Why a checkout cannot go on."""

from billing_core.errors import Invalid
from billing_core.words import mark


class StaleCheckout(Invalid):
    """The hidden fields of its form are not ours."""

    message = mark("This page is not up to date any more. Nothing was ordered. Please check the order again.")
