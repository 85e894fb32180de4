"""What a line that is not simply a new product means, in one sentence of the reader's language, with its arithmetic."""

from billing_core import money, templating, words
from billing_core.documents import letter
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteLine, QuoteVersion
from corporate_portal.quotes.offer.proration import in_words, stretch_of

_A_PERIOD = {
    "yearly": mark("%(units)s at %(price)s a year"),
    "monthly": mark("%(units)s at %(price)s a month"),
}


def explanation(line: QuoteLine, version: QuoteVersion) -> str:
    """Empty where the line explains itself."""
    if line.effect == "renew":
        return words.gettext("Follows on the present term, from %(day)s.", day=templating.day(line.starts_on))
    if line.effect == "remove" and line.ends_on is None:
        return words.gettext("Leave at the term's end; not renewed from %(day)s.", day=templating.day(line.starts_on))
    stretch = stretch_of(line)
    if stretch is None:
        return ""
    currency = version.quote.currency
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
