"""Money: an integer of the currency's smallest unit, with its ISO 4217 code. Only this module divides or rounds.

Rounding is half up, away from zero at exactly half, once per line (domain.md 6); tax is taken per category on the net
sum (domain.md 5, EN 16931 BR-CO-17).
"""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from babel.core import Locale
from babel.numbers import NumberFormatError, format_currency, format_percent, get_currency_precision, parse_decimal

from billing_core.errors import Invalid

LARGEST = 10**15
"""No single amount is larger than this many smallest units; everything stays far inside a 64-bit integer."""


def digits(currency: str) -> int:
    """How many decimal places the currency's smallest unit has: EUR 2, JPY 0, KWD 3."""
    return get_currency_precision(currency)


def as_decimal(amount: int, currency: str) -> Decimal:
    """The amount in the currency's main unit: 4165 EUR is Decimal('41.65')."""
    return Decimal(amount).scaleb(-digits(currency))


def show(amount: int, currency: str, locale: str) -> str:
    """The amount as a reader of the locale writes it, always with its currency: 1.234,50 €, CHF 1,234.50."""
    text = format_currency(as_decimal(amount, currency), currency, locale=Locale.parse(locale))
    return re.sub(r"(?<=[A-Z])(?=[0-9])", "\u00a0", text)  # CLDR asks for this space; Babel leaves it out


def percentage(basis_points: int, locale: str) -> str:
    """A rate or discount as a reader of the locale writes it, with at most two places: 8.1% and 8,1 %."""
    pattern = Locale.parse(locale).percent_formats[None].pattern.replace("#,##0", "0.##")
    return format_percent(Decimal(basis_points).scaleb(-4), pattern, locale=Locale.parse(locale))


def plain(amount: int, currency: str) -> str:
    """The amount with a point and without grouping, for CSV, XML and form values: 1234.50."""
    return f"{as_decimal(amount, currency):.{digits(currency)}f}"


def typed(amount: int, currency: str, locale: str) -> str:
    """The amount as a person types it in the language, without grouping: `parse` reads it again."""
    text = plain(amount, currency)
    return text.replace(".", ",") if locale == "de" else text


def from_decimal(value: Decimal, currency: str) -> int:
    """The smallest units of an exact decimal. Raises Invalid where it has more places than the currency."""
    if not value.is_finite() or (scaled := value.scaleb(digits(currency))) != scaled.to_integral_value():
        raise Invalid("Enter an amount with at most %(digits)s decimal places.", digits=digits(currency))
    if abs(scaled) > LARGEST:
        raise Invalid("This amount is too large.")
    return int(scaled)


def parse(text: str, currency: str, locale: str) -> int:
    """What a person typed, as smallest units. Strict: grouping must be right, no exponents, no other digits than 0-9.

    Raises Invalid with a sentence that can stand beside the field.
    """
    cleaned = text.strip().replace("\u00a0", "").replace("\u202f", "").replace("’", "'")
    if not cleaned or len(cleaned) > 24 or not all(c in "0123456789.,'-" for c in cleaned):
        raise Invalid("Enter an amount in figures, for example %(example)s.", example=_example(currency, locale))
    try:
        value = parse_decimal(cleaned.replace("'", ""), locale=Locale.parse(locale), strict=True)
    except (NumberFormatError, InvalidOperation, ValueError):
        raise Invalid(
            "Enter an amount in figures, for example %(example)s.", example=_example(currency, locale)
        ) from None
    return from_decimal(value, currency)


def _example(currency: str, locale: str) -> str:
    separator = "," if locale.startswith("de") else "."
    places = digits(currency)
    return "1250" + (separator + "5".ljust(places, "0") if places else "")


def divide(numerator: int, denominator: int) -> int:
    """The quotient rounded half up (away from zero at exactly half), in whole numbers and so exact at any size."""
    quotient, rest = divmod(abs(numerator), abs(denominator))
    rounded = quotient + (2 * rest >= abs(denominator))
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def divide_down(numerator: int, denominator: int) -> int:
    """The quotient in whole numbers, rounded down: a most that must not be exceeded."""
    return numerator // denominator


def from_places(amount: int, places: int, currency: str) -> int:
    """An amount with `places` decimal places, in the currency's smallest unit; what is smaller is dropped."""
    finer: int = 10 ** (places - digits(currency))
    return amount // finer


def share(amount: int, part: int, whole: int) -> int:
    """The part of an amount that falls to `part` of `whole`, rounded half up: the days of a period, a discount."""
    return divide(amount * part, whole)


def percent(amount: int, basis_points: int) -> int:
    """A rate in basis points of an amount, rounded half up: 1900 of 3500 is 665."""
    return share(amount, basis_points, 10_000)


def prorate(amount: int, whole: int, days: int, of_days: int) -> int:
    """What `whole` periods at the amount cost, and `days` of the `of_days` of one more, rounded half up once."""
    return share(amount, whole * of_days + days, of_days)


def part_in_basis_points(part: int, whole: int) -> int:
    """How large the part is, in basis points rounded up: whatever exceeds a limit by anything is above it."""
    return -(-part * 10_000 // whole)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """The amount in shares proportional to the weights, by the largest remainder: the shares sum up to the amount.

    None is negative, and none larger than its weight while the amount is not larger than their sum. Among equal
    remainders the first one comes first.
    """
    whole = sum(weights)
    if not amount or not whole:
        return [0] * len(weights)
    parts = [divmod(amount * weight, whole) for weight in weights]
    shares = [quotient for quotient, _rest in parts]
    left = amount - sum(shares)
    by_rest = sorted(range(len(parts)), key=lambda position: (-parts[position][1], position))
    for position in by_rest[:left]:
        shares[position] += 1
    return shares
