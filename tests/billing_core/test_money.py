"""Amounts: read strictly, shown by locale, divided half up. Expected values are written out, never computed."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import money
from billing_core.errors import Invalid

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "KWD")
amounts = st.integers(-money.LARGEST, money.LARGEST)
currencies = st.sampled_from(CURRENCIES)


@pytest.mark.parametrize(
    ("text", "locale", "units"),
    [
        ("1250", "en", 125000),
        ("1250.5", "en", 125050),
        ("1,250.50", "en", 125050),
        ("1,234,567.89", "en", 123456789),
        (" 12.34 ", "en", 1234),
        ("1250,5", "de", 125050),
        ("1.250,50", "de", 125050),
        ("1.234.567,89", "de", 123456789),
        ("1\u00a0250,50", "de", 125050),
        ("1\u202f250,50", "de", 125050),
        ("1'250.50", "en", 125050),
        ("1’250,50", "de", 125050),
        ("-12.34", "en", -1234),
        ("-12,34", "de", -1234),
        ("0", "en", 0),
        ("0.00", "en", 0),
        ("12.340", "en", 1234),
    ],
)
def test_what_people_write_is_read(text: str, locale: str, units: int) -> None:
    assert money.parse(text, "EUR", locale) == units


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "1e3", "1E3", "NaN", "nan", "Infinity", "-Infinity", "inf", "--1", "1-", "1--2", "+1", "-",
        "\uff11\uff12", "\uff11.\uff12", "١٢", "²", "12 EUR", "€12", "0x10", "1_000", "1;2", "1.2.3,4,5", "1\x002",
        "12\n34", "9" * 25, ".", ",", "..", "'",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_both_languages(text: str, locale: str) -> None:
    with pytest.raises(Invalid):
        money.parse(text, "EUR", locale)


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("1.000,00", "en"),
        ("1,000.00", "de"),
        ("1,00", "en"),
        ("1.00", "de"),
        ("1.5", "de"),
        ("12,34.5", "en"),
        ("12,34,567", "en"),
        ("1,2345", "en"),
        ("1.23.456", "de"),
        (",5,0", "de"),
    ],
)
def test_an_amount_that_another_language_reads_differently_is_refused_and_not_guessed(text: str, locale: str) -> None:
    with pytest.raises(Invalid):
        money.parse(text, "EUR", locale)


@pytest.mark.parametrize(
    ("currency", "text", "units"),
    [
        ("JPY", "1250", 1250),
        ("JPY", "1250.0", 1250),
        ("KWD", "1.234", 1234),
        ("KWD", "1", 1000),
        ("EUR", "1.2", 120),
        ("CHF", "0.05", 5),
    ],
)
def test_a_currency_has_its_own_decimal_places(currency: str, text: str, units: int) -> None:
    assert money.parse(text, currency, "en") == units


@pytest.mark.parametrize(("currency", "text"), [("JPY", "0.5"), ("EUR", "0.005"), ("KWD", "0.0005"), ("EUR", "1.999")])
def test_more_places_than_the_currency_has_are_refused_and_not_rounded(currency: str, text: str) -> None:
    with pytest.raises(Invalid, match="decimal places"):
        money.parse(text, currency, "en")


def test_the_largest_amount_is_taken_and_one_more_is_refused() -> None:
    assert money.parse("10000000000000.00", "EUR", "en") == money.LARGEST
    assert money.parse("-10000000000000.00", "EUR", "en") == -money.LARGEST
    for text in ("10000000000000.01", "-10000000000000.01", "99999999999999999999", "9" * 24):
        with pytest.raises(Invalid, match="too large"):
            money.parse(text, "EUR", "en")


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-400"])
def test_a_decimal_that_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(Invalid):
        money.from_decimal(Decimal(value), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        (123450, "EUR", "en", "€1,234.50"),
        (123450, "EUR", "de", "1.234,50\u00a0€"),
        (123450, "CHF", "en", "CHF\u00a01,234.50"),
        (-123450, "EUR", "en", "-€1,234.50"),
        (-123450, "EUR", "de", "-1.234,50\u00a0€"),
        (1250, "JPY", "en", "¥1,250"),
        (1234, "KWD", "en", "KWD\u00a01.234"),
        (0, "USD", "de", "0,00\u00a0$"),
        (money.LARGEST, "EUR", "en", "€10,000,000,000,000.00"),
    ],
)
def test_an_amount_is_shown_as_its_reader_writes_it(amount: int, currency: str, locale: str, shown: str) -> None:
    assert money.show(amount, currency, locale) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (123450, "EUR", "1234.50"), (7, "JPY", "7"), (7, "KWD", "0.007")],
)
def test_plain_has_a_point_and_no_grouping(amount: int, currency: str, text: str) -> None:
    assert money.plain(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "part", "whole", "rounded"),
    [
        (1, 1, 2, 1),
        (-1, 1, 2, -1),
        (3, 1, 2, 2),
        (-3, 1, 2, -2),
        (1, 1, 3, 0),
        (2, 1, 3, 1),
        (-2, 1, 3, -1),
        (10000, 17, 365, 466),
        (10000, 0, 365, 0),
        (10000, 365, 365, 10000),
        (money.LARGEST, money.LARGEST, money.LARGEST, money.LARGEST),
    ],
)
def test_a_share_is_rounded_half_up_away_from_zero(amount: int, part: int, whole: int, rounded: int) -> None:
    assert money.share(amount, part, whole) == rounded


@pytest.mark.parametrize(
    ("amount", "rate", "rounded"),
    [(3500, 1900, 665), (50, 100, 1), (-50, 100, -1), (49, 100, 0), (-49, 100, 0), (10000, 810, 810), (9999, 0, 0)],
)
def test_a_percentage_is_rounded_half_up_away_from_zero(amount: int, rate: int, rounded: int) -> None:
    assert money.percent(amount, rate) == rounded


@given(amounts, currencies)
def test_what_plain_writes_is_read_back(amount: int, currency: str) -> None:
    assert money.parse(money.plain(amount, currency), currency, "en") == amount
    assert money.parse(money.plain(amount, currency).replace(".", ","), currency, "de") == amount


@given(amounts, currencies, st.sampled_from(["en", "de"]))
def test_the_figures_that_show_writes_are_read_back(amount: int, currency: str, locale: str) -> None:
    figures = "".join(c for c in money.show(amount, currency, locale) if c in "0123456789.,-")
    assert money.parse(figures, currency, locale) == amount


@given(st.text(max_size=30), currencies, st.sampled_from(["en", "de"]))
def test_any_text_is_an_amount_or_refused(text: str, currency: str, locale: str) -> None:
    with suppress(Invalid):
        assert abs(money.parse(text, currency, locale)) <= money.LARGEST


@given(st.text(alphabet="0123456789.,'-", max_size=24), currencies, st.sampled_from(["en", "de"]))
def test_any_figures_are_an_amount_or_refused(text: str, currency: str, locale: str) -> None:
    with suppress(Invalid):
        assert abs(money.parse(text, currency, locale)) <= money.LARGEST


@given(amounts, st.integers(1, money.LARGEST), st.integers(1, money.LARGEST))
def test_a_share_is_the_nearest_whole_number_and_mirrors_its_negative(amount: int, part: int, whole: int) -> None:
    exact, found = Fraction(amount * part, whole), money.share(amount, part, whole)
    assert abs(found - exact) <= Fraction(1, 2)
    assert money.share(-amount, part, whole) == -found
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)


@given(amounts, st.integers(1, money.LARGEST))
def test_the_whole_share_is_the_amount(amount: int, whole: int) -> None:
    assert money.share(amount, whole, whole) == amount
    assert money.share(amount * whole, 1, whole) == amount
    assert money.percent(amount, 10_000) == amount


def test_just_below_half_is_not_rounded_up_however_large_the_parts_are() -> None:
    """An intermediate result of 28 figures would be exactly half here."""
    whole = money.LARGEST - 1
    assert money.divide((money.LARGEST - 2) * whole + (whole - 1) // 2, whole) == money.LARGEST - 2
