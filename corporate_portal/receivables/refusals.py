"""Why the reminders of an account cannot be held back, or why nothing is held back."""

from billing_core.errors import Refusal
from billing_core.words import mark


class NotPaused(Refusal):
    """There is no pause in force that could end."""

    message = mark("The reminders of this account are not held back. Nothing was changed.")
