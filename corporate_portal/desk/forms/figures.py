"""Amounts and discounts as a person types them, in the language of the form, and as the form writes them."""

from wtforms import Field

from billing_core import money, templating, words
from billing_core.errors import Invalid
from billing_core.words import mark


def read_discount(text: Field, kind: Field, currency: str) -> tuple[int, int]:
    """Basis points or smallest units. Raises Invalid with the short name of the text's field."""
    if not text.data:
        return 0, 0
    if kind.data != "amount":
        return _basis_points(text.data, text.short_name), 0
    amount = read_amount(text.data, currency, text.short_name)
    if amount < 0:
        raise Invalid(mark("A discount cannot be negative."), field=text.short_name)
    return 0, amount


def read_amount(text: str, currency: str, field: str) -> int:
    """Smallest units of the currency. Raises Invalid with the field."""
    try:
        return money.parse(text, currency, words.locale())
    except Invalid as refusal:
        raise Invalid(refusal.message, field=field, **refusal.params) from None


def _basis_points(text: str, field: str) -> int:
    """A percentage with at most two decimals: what its hundredths are to a percent, cents are to a euro."""
    try:
        share = money.parse(text.removesuffix("%"), "EUR", words.locale())
    except Invalid:
        share = -1
    if not 0 <= share <= 10_000:
        example = "12,5" if words.locale() == "de" else "12.5"
        sentence = mark("Enter a percentage from 0 to 100, for example %(example)s.")
        raise Invalid(sentence, field=field, example=example)
    return share


def write_discount(percent_off: int, amount_off: int, currency: str) -> str:
    """Empty where there is none."""
    if percent_off:
        return templating.rate(percent_off).removesuffix("%").strip()
    return money.typed(amount_off, currency, words.locale()) if amount_off else ""
