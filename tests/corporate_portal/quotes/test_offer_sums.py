"""The arithmetic of a quote, without a database: prorated time, discounts spread over lines, and their sums."""

from datetime import date, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import clock, money, words
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.offer.proration import Stretch, in_words, rest_of_term

amounts = st.integers(0, 10**12)


def term(start: date, months: int, frequency: str = "yearly") -> Subscription:
    end = clock.add_months(start, months)
    return cast(Subscription, SimpleNamespace(period_start=start, period_end=end, frequency=frequency))


@given(amounts, st.lists(amounts, max_size=12))
def test_nothing_is_lost_in_spreading(amount: int, weights: list[int]) -> None:
    whole = sum(weights)
    shares = money.spread(min(amount, whole), weights)
    assert sum(shares) == min(amount, whole)
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        if whole:
            assert abs(share - Fraction(min(amount, whole) * weight, whole)) < 1


def test_equal_remainders_go_to_the_first() -> None:
    assert money.spread(100, [1000, 1000, 1000]) == [34, 33, 33]
    assert money.spread(1, [0, 5, 5]) == [0, 1, 0]
    assert money.spread(5, []) == []
    assert money.spread(0, [7, 7]) == [0, 0]


@given(amounts, st.integers(1, 10**12))
def test_a_part_in_basis_points_is_never_less_than_it_is(part: int, whole: int) -> None:
    found = money.part_in_basis_points(part, whole)
    assert 0 <= found - Fraction(part * 10_000, whole) < 1


def test_a_hair_above_the_limit_is_above_it() -> None:
    assert money.part_in_basis_points(1000, 10_000) == 1000
    assert money.part_in_basis_points(100_000_001, 1_000_000_000) == 1001


@pytest.mark.parametrize(
    ("start", "months", "frequency", "day", "expected"),
    [
        (date(2026, 1, 1), 36, "yearly", date(2026, 1, 1), (3, 0, 365)),
        (date(2026, 1, 1), 36, "yearly", date(2026, 11, 17), (2, 45, 365)),
        (date(2026, 1, 1), 36, "yearly", date(2028, 12, 31), (0, 1, 366)),
        (date(2023, 7, 1), 12, "yearly", date(2023, 7, 2), (0, 365, 366)),
        (date(2026, 6, 1), 3, "monthly", date(2026, 6, 16), (2, 15, 30)),
        (date(2026, 1, 31), 3, "monthly", date(2026, 2, 27), (2, 1, 28)),
        (date(2026, 1, 31), 3, "monthly", date(2026, 3, 30), (1, 1, 31)),
        (date(2024, 2, 29), 24, "yearly", date(2025, 2, 27), (1, 1, 365)),
    ],
)
def test_periods_are_counted_back_from_the_end(
    start: date, months: int, frequency: str, day: date, expected: tuple[int, int, int]
) -> None:
    found = rest_of_term(term(start, months, frequency), day)
    whole, days, of_days = expected
    assert (found.whole_periods, found.days) == (whole, days)
    if days:
        assert found.of_days == of_days


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 36), st.data())
def test_the_rest_covers_every_day_until_the_end_once(start: date, months: int, data: Any) -> None:
    frequency = data.draw(st.sampled_from(["monthly"] if months % 12 else ["monthly", "yearly"]))
    sold = term(start, months, frequency)
    offset = data.draw(st.integers(0, (sold.period_end - start).days - 1))
    day = start + timedelta(days=offset)
    rest = rest_of_term(sold, day)
    step = 12 if frequency == "yearly" else 1
    first_whole = clock.add_months(sold.period_end, -rest.whole_periods * step, start.day)
    assert day + timedelta(days=rest.days) == first_whole
    assert 0 <= rest.days < rest.of_days
    assert rest_of_term(sold, start) == Stretch(months // step, 0, rest_of_term(sold, start).of_days)


@given(amounts, st.integers(0, 5), st.integers(1, 366), st.data())
def test_what_joins_and_leaves_on_one_day_is_nothing(amount: int, whole: int, of_days: int, data: Any) -> None:
    stretch = Stretch(whole, data.draw(st.integers(0, of_days - 1)), of_days)
    assert stretch.of(amount) + stretch.of(-amount) == 0
    assert abs(stretch.of(amount) - amount * (whole + Fraction(stretch.days, of_days))) <= Fraction(1, 2)


def test_the_time_is_said_in_words() -> None:
    assert in_words(Stretch(2, 45, 365), "yearly") == "2 whole years and 45 of 365 days"
    assert in_words(Stretch(1, 0, 365), "yearly") == "1 whole year"
    assert in_words(Stretch(0, 15, 30), "monthly") == "15 of 30 days"
    with words.in_language("de"):
        assert in_words(Stretch(1, 3, 30), "monthly") == "1 ganzen Monat und 3 von 30 Tagen"
