"""The form of the VAT number."""

from wtforms import HiddenField

from billing_core.web.forms import Form, TextLine
from billing_core.words import lazy


class VatNumberForm(Form):
    """The number as it is typed; empty removes it. `account` and `seen` name what the page showed."""

    account = HiddenField()
    seen = HiddenField()
    vat_id = TextLine(lazy("VAT number"), 40)
