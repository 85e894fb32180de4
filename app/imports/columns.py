"""The types of cells: what each takes, how docs/import.md describes it, and the sentence that names what is wrong.

A parsed value is text, a whole number or a yes/no, so that a row can be put down as JSON between the passes: a date
stays ISO text, an amount stays decimal text until its currency is known.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Protocol

from babel.core import get_global
from babel.numbers import is_currency
from stdnum import iban
from stdnum.exceptions import ValidationError

from billing_core import clock, money, words
from billing_core.errors import Invalid
from billing_core.mail.service import is_address
from billing_core.vat_ids import formats

Value = str | int | bool | None
"""What a cell becomes; None where it is empty and its column has no default."""


class BadCell(ValueError):
    """The cell cannot be taken; the text is the reason, as a sentence without its full stop."""


class CellType(Protocol):
    """How a cell is read. `described` is the text in the type column of docs/import.md."""

    @property
    def described(self) -> str: ...

    def parse(self, text: str, today: date) -> Value:
        """The value of a cell that is not empty. Raises BadCell."""
        ...


@dataclass(frozen=True)
class Column:
    """One column of a file. An optional cell that is empty takes the default, where the database has one."""

    name: str
    type: CellType
    meaning: str
    required: bool = False
    default: Value = None


@dataclass(frozen=True)
class Text:
    """Free text. Only `multiline` text may hold line breaks."""

    most: int
    multiline: bool = False

    @property
    def described(self) -> str:
        lines = ", several lines" if self.multiline else ""
        return f"text, at most {self.most} characters{lines}"

    def parse(self, text: str, today: date) -> str:
        return at_most(self.most, text)


def at_most(most: int, text: str) -> str:
    """The text. Raises BadCell where it is longer than `most` characters."""
    if len(text) > most:
        raise BadCell(f"is {len(text)} characters long, at most {most} are possible")
    return text


@dataclass(frozen=True)
class Matching:
    """Text of a given form; `example` shows it."""

    name: str
    pattern: str
    most: int
    example: str

    @property
    def described(self) -> str:
        return f"{self.name}, at most {self.most} characters"

    def parse(self, text: str, today: date) -> str:
        at_most(self.most, text)
        if re.fullmatch(self.pattern, text) is None:
            raise BadCell(f"is {text[:40]!r}, and that is no {self.name}; one looks like {self.example}")
        return text


@dataclass(frozen=True)
class MailAddress(Matching):
    """An address that the mail room itself would write to."""

    def parse(self, text: str, today: date) -> str:
        Matching.parse(self, text, today)
        if not is_address(text):
            raise BadCell(f"is {text[:40]!r}, and no mail can be sent there; one looks like {self.example}")
        return text


KEY = Text(80)
EMAIL = MailAddress(
    "e-mail address",
    r"[^\s@<>(),;:\"\[\]\\]+@[^\s@<>(),;:\"\[\]\\]+\.[^\s@<>(),;:\"\[\]\\.]+",
    254,
    "a.lee@example.com",
)
USERNAME = Matching("username", r"[^\s@]{3,64}", 64, "alee")
SELLER_CODE = Matching("seller code", r"[A-Z][A-Z0-9]{1,7}", 8, "DE")
PDF_NAME = Matching("PDF file name", r"[^/\\:\x00]+\.[pP][dD][fF]", 120, "RE-1001.pdf")


@dataclass(frozen=True)
class Reference:
    """The key of a row in another file, of this directory or of an earlier import of the same source."""

    file: str

    @property
    def described(self) -> str:
        return f"key in {self.file}"

    def parse(self, text: str, today: date) -> str:
        return KEY.parse(text, today)


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def described(self) -> str:
        return ", ".join(self.options[:-1]) + f" or {self.options[-1]}"

    def parse(self, text: str, today: date) -> str:
        if text not in self.options:
            raise BadCell(f"is {text!r}, possible are {self.described}")
        return text


@dataclass(frozen=True)
class YesNo:
    """A switch."""

    described = "yes or no"

    def parse(self, text: str, today: date) -> bool:
        if text not in ("yes", "no"):
            raise BadCell(f"is {text!r}, possible are yes and no")
        return text == "yes"


@dataclass(frozen=True)
class Day:
    """A calendar day. Relative ones count from the day of the import; what is part of a key must be absolute."""

    relative: bool = True

    @property
    def described(self) -> str:
        return "date" if self.relative else "absolute date"

    def parse(self, text: str, today: date) -> str:
        from_today = re.fullmatch(r"today(?:([+-])(\d{1,5}))?", text)
        if from_today is not None:
            if not self.relative:
                raise BadCell("must be an absolute date such as 2026-03-31, because it is part of the row's key")
            days = int(f"{from_today[1]}{from_today[2]}") if from_today[1] else 0
            return (today + timedelta(days=days)).isoformat()
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
        except ValueError:
            raise BadCell(f"is {text!r}, and the calendar has no such day") from None
        if day is None:
            forms = "2026-03-31, today, today+7 or today-30" if self.relative else "2026-03-31"
            raise BadCell(f"is {text!r}, possible are forms such as {forms}")
        if not 1990 <= day.year <= 2199:
            raise BadCell("must be a day between 1990 and 2199")
        return text


@dataclass(frozen=True)
class Amount:
    """An amount of the row's currency in its main unit, a point before the decimals; negative only if `signed`."""

    signed: bool = False

    @property
    def described(self) -> str:
        return "amount, also below zero" if self.signed else "amount"

    def parse(self, text: str, today: date) -> str:
        if self.signed and text.startswith("-") and not text.startswith("--"):
            return f"-{Amount().parse(text[1:], today)}"
        if re.fullmatch(r"\d{1,16}(\.\d{1,6})?", text, re.ASCII) is None:
            if re.fullmatch(r"-\d+(\.\d+)?", text, re.ASCII):
                raise BadCell("must not be negative")
            raise BadCell(f"is {text[:40]!r}, an amount is written like 1250.50")
        return text


def smallest_units(text: str, currency: str) -> int:
    """The amount in smallest units of its currency. Raises BadCell where the currency has fewer decimals."""
    try:
        return money.from_decimal(Decimal(text), currency)
    except Invalid:
        places = money.digits(currency)
        what = f"at most {places} decimal places" if places else "no decimal places"
        if abs(Decimal(text)) > 10**12:
            raise BadCell("is too large") from None
        raise BadCell(f"is {text}, but {currency} has {what}") from None


@dataclass(frozen=True)
class WholeNumber:
    """A whole number in a range."""

    least: int
    most: int

    @property
    def described(self) -> str:
        return f"whole number from {self.least} to {self.most}"

    def parse(self, text: str, today: date) -> int:
        if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) is None:
            raise BadCell(f"is {text[:40]!r}, a whole number is needed")
        if not self.least <= int(text) <= self.most:
            raise BadCell(f"is {text}, possible are {self.least} to {self.most}")
        return int(text)


@dataclass(frozen=True)
class Percent:
    """A rate of at most 100 % with at most two decimals; kept in basis points."""

    described = "percentage"

    def parse(self, text: str, today: date) -> int:
        if re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text, re.ASCII) is None or Decimal(text) > 100:
            raise BadCell(f"is {text[:40]!r}, a percentage is written like 19 or 8.1, and is at most 100")
        return int(Decimal(text) * 100)


@dataclass(frozen=True)
class Known:
    """A code of a list that others keep."""

    described: str
    example: str
    knows: Callable[[str], bool]

    def parse(self, text: str, today: date) -> str:
        if not self.knows(text):
            raise BadCell(f"is {text[:40]!r}, and that is no {self.described}; one looks like {self.example}")
        return text


@cache
def _is_country(code: str) -> bool:
    return re.fullmatch("[A-Z]{2}", code) is not None and code in get_global("territory_currencies")


@cache
def _is_currency(code: str) -> bool:
    return re.fullmatch("[A-Z]{3}", code) is not None and is_currency(code)


COUNTRY = Known("country code (ISO 3166)", "DE", _is_country)
CURRENCY = Known("currency code (ISO 4217)", "EUR", _is_currency)
LANGUAGE = Choice(tuple(sorted(words.LANGUAGES)))
ZONE = Known("time zone (IANA)", "Europe/Berlin", cache(clock.is_zone))


@dataclass(frozen=True)
class TaxNumber:
    """A VAT ID with its country's prefix, checked by its check digits where the country has them."""

    described = "VAT ID"

    def parse(self, text: str, today: date) -> str:
        compact = formats.compact(text)
        at_most(formats.LONGEST, compact)
        if not formats.is_well_formed(compact):
            raise BadCell(f"is {text[:40]!r}, and that cannot be a VAT ID: its form or check digits are wrong")
        return formats.normal(compact)


@dataclass(frozen=True)
class BankAccount:
    """An IBAN, or where the country has none the local number as it is to be printed."""

    most: int

    @property
    def described(self) -> str:
        return f"IBAN or local number, at most {self.most} characters"

    def parse(self, text: str, today: date) -> str:
        at_most(self.most, text)
        if re.match(r"[A-Z]{2}\d\d", text) is None:
            return text
        try:
            return iban.validate(text)
        except ValidationError:
            raise BadCell(f"is {text!r}, and that cannot be an IBAN: its form or check digits are wrong") from None
