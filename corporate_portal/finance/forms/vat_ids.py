"""The forms about the VAT ID of an account: another number, and why finance vouches for it."""

from wtforms import HiddenField

from billing_core.vat_ids.service import LONGEST_NOTE
from billing_core.web.forms import Form, TextBlock, TextLine
from billing_core.words import lazy, mark


class VatIdForm(Form):
    """The number; empty removes it. `seen` is the one that the page showed."""

    seen = HiddenField()
    vat_id = TextLine(lazy("VAT ID"), 40)


class CheckForm(Form):
    """Which number is asked."""

    seen = HiddenField()


class ConfirmForm(Form):
    """How finance knows that the number is right."""

    seen = HiddenField()
    note = TextBlock(
        lazy("How we know that it is right"),
        LONGEST_NOTE,
        needed=mark("Say how you know that this VAT ID is right, for example by which letter of the tax office."),
    )
