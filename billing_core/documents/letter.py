"""What the templates of templates/print/ need beyond the filters of every template: the parts of a business letter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import segno
from babel.core import Locale
from babel.dates import format_date, format_time, get_timezone
from babel.numbers import format_decimal
from segno import helpers
from stdnum import iban

from billing_core import clock, money, words
from billing_core.templating import place as place
from billing_core.templating import rate


def address(party: Mapping[str, Any], home: str) -> list[str]:
    """The lines of a postal address as an envelope has them; the country is named where it is not the sender's own."""
    lines = [party["name"], party.get("attention") or "", party["street"]]
    lines += place(party["postal_code"], party["city"], party["country"])
    if party["country"] != home:
        lines.append(country(party["country"]).upper())
    return [line.strip() for line in lines if line.strip()]


def is_long(lines: list[str]) -> bool:
    """Whether the address needs smaller type to stay in the window: six lines of about forty characters fit."""
    return sum(1 + len(line) // 40 for line in lines) > 6


def spoken(address: str) -> str:
    """A web address as one reads it out and types it."""
    return address.removeprefix("https://").removeprefix("http://")


def country(code: str) -> str:
    """The country's name in the document's language; an unknown code stands as it is."""
    return str(Locale.parse(words.locale()).territories.get(code, code))


def period(start: date, end: date) -> str:
    """A half-open period as people say it, with its last day: 1 Jan 2026 – 31 Dec 2026."""
    pattern = "d MMM y" if words.locale() == "en" else "dd.MM.y"
    first, last = (format_date(day, pattern, locale=words.locale()) for day in (start, end - timedelta(days=1)))
    return f"{first} – {last}"


def amounts(currency: str, country_code: str) -> Callable[[int], str]:
    """How amounts are written in documents of a seller there: those of Switzerland have its apostrophes."""
    locale = words.locale()
    if country_code in ("CH", "LI"):
        locale += "_CH"
    return lambda amount: money.show(amount, currency, locale)


def number(quantity: int) -> str:
    """A count with the language's grouping."""
    return format_decimal(quantity, locale=words.locale())


def unit(kind: str, quantity: int) -> str:
    """What the counted things are called; empty for things that are simply counted."""
    names = {
        "organizer": words.plural("organizer", "organizers", quantity),
        "agent": words.plural("agent", "agents", quantity),
        "expert": words.plural("expert", "experts", quantity),
    }
    return names.get(kind, "")


def tax_name(country: str) -> str:
    """What the tax of the seller's country is called on a document."""
    if country == "US":
        return words.gettext("Sales tax")
    return words.gettext("Swiss VAT") if country in ("CH", "LI") else words.gettext("VAT")


def tax_number_name(country: str) -> str:
    """What the seller's tax number is called."""
    return words.gettext("Tax ID") if country == "US" else words.gettext("VAT ID")


def tax_row(tax: Any, show: Callable[[int], str], country: str) -> str:
    """The line of the totals for one category and rate (the letters are those of EN 16931)."""
    on = show(tax.net)
    without = {
        "AE": words.gettext("Reverse charge on %(amount)s", amount=on),
        "G": words.gettext("Export, free of tax: %(amount)s", amount=on),
        "O": words.gettext("Not subject to tax: %(amount)s", amount=on),
        "E": words.gettext("Exempt from tax: %(amount)s", amount=on),
    }
    charged = words.gettext("%(tax)s %(rate)s on %(amount)s", tax=tax_name(country), rate=rate(tax.rate), amount=on)
    return without.get(tax.category, charged) if tax.rate == 0 else charged


def day_of(instant: datetime, zone: str) -> date:
    """The calendar day of an instant in the document's zone."""
    return clock.local(instant, zone).date()


def time_of(instant: datetime, zone: str) -> str:
    """The time on the clocks of the document's zone, with the zone's name: 14:05 (Europe/Berlin)."""
    pattern = "HH:mm" if words.locale() == "en" else "HH:mm 'Uhr'"
    return f"{format_time(instant, pattern, tzinfo=get_timezone(zone), locale=words.locale())} ({zone})"


@dataclass(frozen=True)
class Group:
    """Lines that stand together under one heading. Amounts are smallest units."""

    heading: str
    sum_label: str
    lines: Sequence[Any]

    @property
    def net(self) -> int:
        """The sum of its lines."""
        return sum(line.net for line in self.lines)


def by_period(lines: Iterable[Any]) -> list[Group]:
    """Invoice lines by service period, those without one last; in their own order inside a group."""

    def of(line: Any) -> tuple[date, date] | None:
        return (line.period_start, line.period_end) if line.period_start and line.period_end else None

    def place(line: Any) -> tuple[bool, date, date]:
        start, end = of(line) or (date.max, date.max)
        return (of(line) is None, start, end)

    return [_of_period(key, list(found)) for key, found in groupby(sorted(lines, key=place), key=of)]


def _of_period(key: tuple[date, date] | None, lines: list[Any]) -> Group:
    if key is None:
        return Group(words.gettext("One-off charges"), words.gettext("Sum of one-off charges"), lines)
    heading = words.gettext("Service period %(period)s", period=period(*key))
    return Group(heading, words.gettext("Sum of the period"), lines)


def name_periods(lines: Iterable[Any]) -> bool:
    """Whether the lines say their service period themselves."""
    return any(line.period_start and line.period_end for line in lines)


@dataclass(frozen=True)
class Code:
    """A square of modules to be scanned, as one SVG path over `size` units, quiet zone included."""

    size: int
    path: str


def pay_code(seller: Any, currency: str, amount: int, reference: str) -> Code | None:
    """The EPC code (EPC069-12) that fills in a SEPA transfer: only in euro and only to a true IBAN.

    None as well where the standard has no room for the data (an odd BIC, an amount beyond its limit): the same data
    stand beside the code, and a letter must never fail for it.
    """
    if currency != "EUR" or amount <= 0 or not iban.is_valid(seller.iban):
        return None
    try:
        made = helpers.make_epc_qr(
            name=seller.name[:70],
            iban=iban.compact(seller.iban),
            amount=money.as_decimal(amount, currency),
            text=reference[:140],
            bic=seller.bic.replace(" ", "") or None,
            encoding="utf-8",
        )
    except ValueError:
        return None
    return _drawn(made)


def account_number(text: str) -> str:
    """An IBAN in groups of four; any other account number as it is."""
    return iban.format(text) if iban.is_valid(text) else text


def typed(amount: int, currency: str) -> str:
    """An amount as a reader types it into a form of the bank."""
    return money.typed(amount, currency, words.locale())


def is_iban(text: str) -> bool:
    """Whether the account number is an IBAN, and may be called so."""
    return bool(iban.is_valid(text))


def _drawn(made: segno.QRCode) -> Code:
    rows = [list(row) for row in made.matrix_iter(scale=1, border=4)]
    strokes: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                strokes.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return Code(len(rows), "".join(strokes))
