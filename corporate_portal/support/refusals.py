"""Why support cannot do it."""

from billing_core.errors import Refusal
from billing_core.words import mark


class StalePreview(Refusal):
    """Another day, price, seats or credit than the page showed: it is shown again before anything is applied."""

    message = mark("Something has changed since this page was loaded. Nothing was applied. Please check it again.")


class NoContact(Refusal):
    """Documents and mails would be addressed to nobody."""

    message = mark("This account has no active billing contact. Name one first.")
