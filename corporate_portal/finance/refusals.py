"""Why finance cannot credit an invoice now."""

from billing_core.errors import Refusal
from billing_core.words import mark


class StalePreview(Refusal):
    """What the page said the credit note comes to, and does, is not true any more."""

    message = mark(
        "The credit note comes to something else now. Nothing was issued. Please check it and issue it again."
    )


class CreditFormUsed(Refusal):
    """The same form was sent before, for something else."""

    message = mark(
        "This form was already used for another credit note. Nothing more was issued. Open the invoice again."
    )
