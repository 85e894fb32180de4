"""Which amounts a card can pay, against a plain statement of the rule; and the processor's units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core.payments.limits import brands, card_amounts, minimum, processor_digits, step
from billing_core.payments.stripe_units import from_processor, to_processor

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "HUF", "ISK", "KWD", "BHD", "TND", "NOK", "KRW", "UGX")


def is_possible(amount: int, payable: int, currency: str) -> bool:
    """domain.md 5 in one sentence: nothing below the minimum, and no rest above zero that is below it."""
    rest = payable - amount
    smallest = minimum(currency)
    in_processor_units = to_processor(amount, currency)
    return (
        amount >= smallest
        and (rest == 0 or rest >= smallest)
        and amount % step(currency) == 0
        and in_processor_units <= 99_999_999
    )


@given(st.sampled_from(CURRENCIES), st.integers(0, 4000), st.integers(-10, 4010))
def test_small_amounts_follow_the_rule(currency: str, payable: int, amount: int) -> None:
    assert card_amounts(payable, currency).allow(amount) is is_possible(amount, payable, currency)


@given(st.sampled_from(CURRENCIES), st.integers(0, 10**12), st.data())
def test_large_amounts_follow_the_rule(currency: str, payable: int, data: st.DataObject) -> None:
    allowed = card_amounts(payable, currency)
    near = st.sampled_from([payable, allowed.least, allowed.most, minimum(currency), payable - minimum(currency)])
    amount = data.draw(near) + data.draw(st.integers(-11, 11))
    assert allowed.allow(amount) is is_possible(amount, payable, currency)


@given(st.sampled_from(CURRENCIES), st.integers(0, 10**9))
def test_the_named_amounts_are_themselves_allowed(currency: str, payable: int) -> None:
    allowed = card_amounts(payable, currency)
    if allowed.full:
        assert allowed.allow(payable)
    if allowed.most:
        assert allowed.allow(allowed.least)
        assert allowed.allow(allowed.most)
    assert allowed.is_none is (not allowed.full and not allowed.most)


@pytest.mark.parametrize(
    ("currency", "payable", "full", "least", "most"),
    [
        ("EUR", 10000, True, 50, 9950),
        ("EUR", 99, True, 0, 0),
        ("EUR", 100, True, 50, 50),
        ("EUR", 49, False, 0, 0),
        ("EUR", 0, False, 0, 0),
        ("GBP", 60, True, 30, 30),
        ("JPY", 500, True, 50, 450),
        ("KWD", 10000, True, 500, 9500),
        ("KWD", 10005, False, 500, 9500),
        ("EUR", 99_999_999, True, 50, 99_999_949),
        ("EUR", 100_000_000, False, 50, 99_999_950),
        ("EUR", 500_000_000, False, 50, 99_999_999),
        ("ISK", 2_000_000, False, 50, 999_999),
    ],
)
def test_amounts_of_every_kind_of_currency(currency: str, payable: int, full: bool, least: int, most: int) -> None:
    allowed = card_amounts(payable, currency)
    assert (allowed.full, allowed.least, allowed.most) == (full, least, most)


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"), [("EUR", 1234, 1234), ("JPY", 500, 500), ("ISK", 500, 50000), ("KWD", 1230, 1230)]
)
def test_the_processor_counts_in_its_own_unit(currency: str, ours: int, theirs: int) -> None:
    assert to_processor(ours, currency) == theirs
    assert from_processor(theirs, currency) == ours


def test_a_figure_that_is_no_amount_of_ours_is_none() -> None:
    assert processor_digits("ISK") == 2
    assert from_processor(50001, "ISK") is None
    assert from_processor(None, "EUR") is None


def test_brands_depend_on_the_currency() -> None:
    assert "discover" in brands("USD")
    assert "discover" not in brands("EUR")
