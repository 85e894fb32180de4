"""What every template may say, on a page, in a mail and on paper: the same filters, words and brand everywhere.

`furnish` equips an environment; Flask's own is furnished by the roof, the one for mails and documents is made here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.dates import format_date, format_datetime, get_timezone
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from billing_core import money, words

TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True)
class Brand:
    """The vendor as customers know it, and the way to reach its support: configuration, on every page (domain.md 1)."""

    name: str
    support_email: str
    support_phone: str
    support_url: str
    public_url: str
    colour: str = "#2b4a9b"
    """For buttons, links and the mark, as #rrggbb; white text on it can be read."""
    stylesheet_url: str = ""
    """Where the pages find the colour."""


UNBRANDED = Brand("Billing Portal", "support@example.com", "", "", "http://127.0.0.1:8000")
"""What is in use until the roof says otherwise."""

_brand = UNBRANDED


def set_brand(brand: Brand) -> None:
    """Say once, at start, under which name the program appears."""
    global _brand
    _brand = brand


def brand() -> Brand:
    """The brand in use."""
    return _brand


def link(path: str) -> str:
    """The absolute address of one of our stable paths, for mails and documents; never taken from a request's Host."""
    return _brand.public_url.rstrip("/") + path


def day(value: date) -> str:
    """The date written out: 3 March 2026 and 3. März 2026."""
    pattern = "d MMMM y" if words.locale() == "en" else "d. MMMM y"
    return format_date(value, pattern, locale=Locale.parse(words.locale()))


def short_day(value: date) -> str:
    """The date for dense tables: 3 Mar 2026 and 03.03.2026."""
    pattern = "d MMM y" if words.locale() == "en" else "dd.MM.y"
    return format_date(value, pattern, locale=Locale.parse(words.locale()))


def moment(value: datetime, zone: str = "UTC") -> str:
    """Date and time on the zone's clocks, with the zone's name: 3 March 2026, 14:05 (Europe/Berlin)."""
    pattern = "d MMMM y, HH:mm" if words.locale() == "en" else "d. MMMM y, HH:mm 'Uhr'"
    local = format_datetime(value, pattern, tzinfo=get_timezone(zone), locale=Locale.parse(words.locale()))
    return f"{local} ({zone})"


def rate(basis_points: int) -> str:
    """A tax rate or discount as a reader writes it: 19 %, 8.1 %."""
    return money.percentage(basis_points, words.locale())


def lines(text: str) -> Markup:
    """Text with its line breaks kept; everything else in it is escaped."""
    return Markup("<br>").join(escape(part) for part in text.splitlines())


def place(postal_code: str, city: str, country_code: str) -> list[str]:
    """Town and postal code in the order of their country, as one line or two."""
    if country_code in ("GB", "IE"):
        return [city, postal_code]
    return [f"{city} {postal_code}" if country_code in ("US", "CA", "AU", "JP") else f"{postal_code} {city}"]


def furnish(environment: Environment) -> None:
    """Give an environment our filters and globals, and gettext in the reader's language."""
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.add_extension("jinja2.ext.do")
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(_gettext, _ngettext, newstyle=True, pgettext=_pgettext)
    environment.filters.update(
        money=lambda amount, currency: money.show(amount, currency, words.locale()),
        day=day,
        short_day=short_day,
        moment=moment,
        rate=rate,
        lines=lines,
        place=lambda postal_code, city, country: ", ".join(place(postal_code, city, country)),
    )
    environment.globals.update(link=link, locale_code=words.locale, brand=_brand)


def _gettext(message: str) -> str:
    return words.gettext(message)


def _ngettext(one: str, many: str, n: int) -> str:
    return words.plural(one, many, n)


def _pgettext(context: str, message: str) -> str:
    return words.pgettext(context, message)


@cache
def _environment(_of: Brand) -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html", "svg", "xml"]))
    furnish(environment)
    return environment


def render(template: str, **context: Any) -> str:
    """A mail or document in the language of `words.locale()`."""
    return _environment(_brand).get_template(template).render(**context)
