"""The address on invoices, and the purchase order numbers that an account keeps."""

import re

from wtforms import Field, HiddenField
from wtforms.validators import ValidationError

from billing_core import words
from billing_core.web.forms import Amount, Day, Form, TextLine
from billing_core.words import lazy, mark

_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,}")


def _is_phone(form: Form, field: Field) -> None:
    if field.data and not _PHONE.fullmatch(field.data):
        raise ValidationError(words.gettext("Enter a phone number in figures, for example +49 30 1234567."))


class BillToForm(Form):
    """The parts that the account may change itself; lengths are those of the columns."""

    seen = HiddenField()
    street = TextLine(lazy("Street and number"), 160, needed=mark("Enter street and number."))
    postal_code = TextLine(lazy("Postal code"), 20, needed=mark("Enter the postal code."))
    city = TextLine(lazy("City"), 80, needed=mark("Enter the city."))
    phone = TextLine(lazy("Phone"), 40, validators=(_is_phone,))


class PurchaseOrderForm(Form):
    """A number with its last day and its budget, both optional."""

    number = TextLine(lazy("Purchase order number"), 100, needed=mark("Enter the purchase order number."))
    expires_on = Day(lazy("It expires on"))
    budget = Amount(lazy("Budget, tax included"), needed=False)
