"""The parts of a letter: addresses by country, periods, groups, the code to pay with."""

from datetime import date
from types import SimpleNamespace

import pytest

from billing_core import words
from billing_core.documents import letter
from tests.billing_core.documents import samples


@pytest.mark.parametrize(
    ("postal_code", "city", "country", "expected"),
    [
        ("20457", "Hamburg", "DE", ["20457 Hamburg"]),
        ("94105", "San Francisco, CA", "US", ["San Francisco, CA 94105"]),
        ("EC1A 1BB", "London", "GB", ["London", "EC1A 1BB"]),
        ("105-0021", "Tokyo", "JP", ["Tokyo 105-0021"]),
    ],
)
def test_town_and_code_stand_as_in_their_country(
    postal_code: str, city: str, country: str, expected: list[str]
) -> None:
    assert letter.place(postal_code, city, country) == expected


def test_an_address_abroad_names_its_country_in_the_language_of_the_document() -> None:
    abroad = samples.ADDRESS | {"country": "AT"}
    assert letter.address(abroad, "DE")[-1] == "AUSTRIA"
    with words.in_language("de"):
        assert letter.address(abroad, "DE")[-1] == "ÖSTERREICH"
    assert letter.address(samples.ADDRESS, "DE")[-1] == "20457 Hamburg"


def test_an_address_of_many_lines_gets_smaller_type() -> None:
    assert not letter.is_long(letter.address(samples.ADDRESS, "DE"))
    assert letter.is_long(letter.address(samples.LONG_ADDRESS, "DE"))


def test_a_period_is_said_with_its_last_day() -> None:
    assert letter.period(date(2026, 1, 1), date(2027, 1, 1)) == "1 Jan 2026 – 31 Dec 2026"
    with words.in_language("de"):
        assert letter.period(date(2026, 1, 1), date(2027, 1, 1)) == "01.01.2026 – 31.12.2026"


def test_lines_are_grouped_by_period_and_what_has_none_comes_last() -> None:
    once = {"period_start": None, "period_end": None}
    later = {"period_start": date(2026, 5, 1)}
    groups = letter.by_period([samples.line(1, **once), samples.line(2, **later), samples.line(3), samples.line(4)])
    assert [[line.position for line in group.lines] for group in groups] == [[3, 4], [2], [1]]
    assert groups[0].heading == "Service period 1 Apr 2026 – 31 Mar 2027"
    assert groups[-1].heading == "One-off charges"
    assert groups[0].net == 2 * 25 * 1850


@pytest.mark.parametrize(
    ("currency", "amount", "iban"),
    [("USD", 100, "DE02120300000000202051"), ("EUR", 0, "DE02120300000000202051"), ("EUR", 100, "000123456789"),
     ("EUR", 100, "")],
)  # fmt: skip
def test_there_is_a_code_only_for_euro_to_an_iban(currency: str, amount: int, iban: str) -> None:
    assert letter.pay_code(samples.seller(iban=iban), currency, amount, "DE-1") is None


def test_the_code_is_a_square_with_a_quiet_zone() -> None:
    code = letter.pay_code(samples.seller(), "EUR", 935638, "DE-2026-000042")
    assert letter.pay_code(samples.seller(bic="n/a"), "EUR", 935638, "DE-1") is None
    assert letter.pay_code(samples.seller(), "EUR", 100_000_000_000, "DE-1") is None
    assert code is not None
    assert code.size >= 21 + 8
    assert code.path.startswith("M4 4h7v1h-7z"), "the finder pattern begins behind four empty modules"


def test_the_bank_account_is_named_for_what_it_is() -> None:
    assert letter.account_number("DE02120300000000202051") == "DE02 1203 0000 0000 2020 51"
    assert letter.account_number("000123456789") == "000123456789"
    assert not letter.is_iban("000123456789")


@pytest.mark.parametrize(
    ("category", "rate", "country", "expected"),
    [
        ("S", 1900, "DE", "VAT 19% on €100.00"),
        ("S", 825, "US", "Sales tax 8.25% on €100.00"),
        ("S", 810, "CH", "Swiss VAT 8.1% on €100.00"),
        ("Z", 0, "GB", "VAT 0% on €100.00"),
        ("AE", 0, "DE", "Reverse charge on €100.00"),
        ("G", 0, "DE", "Export, free of tax: €100.00"),
        ("O", 0, "DE", "Not subject to tax: €100.00"),
        ("E", 0, "DE", "Exempt from tax: €100.00"),
    ],
)
def test_each_tax_says_what_it_is(category: str, rate: int, country: str, expected: str) -> None:
    tax = SimpleNamespace(category=category, rate=rate, net=10000)
    shown = letter.tax_row(tax, letter.amounts("EUR", "DE"), country)
    assert shown == expected


def test_swiss_documents_write_amounts_as_the_swiss_do() -> None:
    with words.in_language("de"):
        assert letter.amounts("CHF", "CH")(123456750) == "CHF 1’234’567.50".replace(" ", "\u00a0")
        assert letter.amounts("CHF", "DE")(123456750) == "1.234.567,50 CHF".replace(" CHF", "\u00a0CHF")


def test_units_follow_the_number() -> None:
    assert letter.unit("organizer", 1) == "organizer"
    assert letter.unit("agent", 2) == "agents"
    assert letter.unit("none", 2) == letter.unit("", 2) == ""
