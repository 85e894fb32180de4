"""What a line that is not simply a new product means, in one sentence of the reader's language, with its arithmetic."""

from datetime import date
from typing import Protocol

from billing_core import money, templating, words
from billing_core.documents import letter
from billing_core.words import mark
from corporate_portal.quotes.offer.proration import in_words, stretch_of

_A_PERIOD = {
    "yearly": mark("%(units)s at %(price)s a year"),
    "monthly": mark("%(units)s at %(price)s a month"),
}


class Line(Protocol):
    """A line as it is stored or was just computed; the meaning of each field is QuoteLine's."""

    @property
    def effect(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def frequency(self) -> str: ...
    @property
    def unit_price(self) -> int: ...
    @property
    def percent_off(self) -> int: ...
    @property
    def discount(self) -> int: ...
    @property
    def rebate(self) -> int: ...
    @property
    def once_off(self) -> int: ...
    @property
    def due(self) -> int: ...
    @property
    def tax_rate(self) -> int: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def whole_periods(self) -> int | None: ...
    @property
    def days(self) -> int | None: ...
    @property
    def of_days(self) -> int | None: ...


def explanation(line: Line, currency: str) -> str:
    """Empty where the line explains itself. Amounts are of the currency."""
    if line.effect == "renew":
        return words.gettext("Follows on the present term")
    if line.effect == "remove" and line.ends_on is None:
        return words.gettext("Leave at the term's end; not renewed from %(day)s.", day=templating.day(line.starts_on))
    stretch = stretch_of(line)
    if stretch is None:
        return ""
    price = money.show(line.unit_price, currency, words.locale())
    parts = [words.gettext(_A_PERIOD[line.frequency], units=counted(line.quantity, line.unit), price=price)]
    if line.discount + line.rebate:
        off = money.show(line.discount + line.rebate, currency, words.locale())
        parts.append(words.gettext("less %(amount)s", amount=off))
    parts.append(words.gettext("for %(time)s", time=in_words(stretch, line.frequency)))
    return ", ".join(parts)


def counted(quantity: int, unit: str) -> str:
    """A number of seats with their kind, or of pieces."""
    name = letter.unit(unit, quantity)
    return f"{letter.number(quantity)} {name}" if name else letter.number(quantity)
