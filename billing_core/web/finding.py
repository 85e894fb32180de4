"""The search above a list of invoices."""

from billing_core.web.forms import Form, TextLine
from billing_core.words import lazy

LONGEST_NUMBER = 60


class FindForm(Form):
    """The search above the list: a GET form, so that the address says what is shown."""

    class Meta(Form.Meta):
        """It changes nothing, so it needs no token."""

        csrf = False

    number = TextLine(lazy("Invoice number"), LONGEST_NUMBER)
