"""Sums of a document, against an arithmetic of our own in exact fractions."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import money
from billing_core.ledger.calculation import AmountTooLarge, LineDraft, add_taxes, sum_up

RATES = (0, 700, 810, 1000, 1900, 2000, 2550)


@st.composite
def lines(draw: st.DrawFn) -> list[LineDraft]:
    def one() -> LineDraft:
        quantity, price = draw(st.integers(1, 9999)), draw(st.integers(0, 10**7))
        rate = draw(st.sampled_from(RATES))
        return LineDraft(
            description="x", quantity=quantity, unit_price=price, tax_category="S" if rate else "O", tax_rate=rate,
            discount=draw(st.integers(0, 2 * quantity * price + 1)),
        )  # fmt: skip

    return [one() for _ in range(draw(st.integers(1, 12)))]


def half_up(value: Fraction) -> int:
    """Half away from zero, said independently."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


@given(lines())
def test_tax_is_taken_once_per_category_on_the_net_sum_half_up(drawn: list[LineDraft]) -> None:
    for part in add_taxes(drawn):
        net = sum(line.net for line in drawn if (line.tax_category, line.tax_rate) == (part.category, part.rate))
        assert part.net == net
        assert part.tax == half_up(Fraction(net * part.rate, 10_000))


@given(lines())
def test_the_totals_add_up_and_do_not_depend_on_the_order(drawn: list[LineDraft]) -> None:
    totals = sum_up(drawn)
    assert totals.net == sum(line.net for line in drawn)
    assert totals.tax == sum(part.tax for part in totals.taxes)
    assert totals.total == totals.net + totals.tax
    assert totals == sum_up(list(reversed(drawn)))
    assert len({(part.category, part.rate) for part in totals.taxes}) == len(totals.taxes)


def test_the_tax_of_the_sum_is_not_the_sum_of_the_taxes() -> None:
    """Three lines of 0.99 at 19 %: 0.56 on the sum, where each line by itself would give 3 x 0.19 = 0.57."""
    (part,) = add_taxes([LineDraft("x", 1, 99, "S", 1900)] * 3)
    assert part.tax == 56
    assert 3 * money.percent(99, 1900) == 57


def test_lines_of_one_category_share_the_first_wording() -> None:
    first, second = LineDraft("a", 1, 100, "AE", 0, "Reverse charge"), LineDraft("b", 1, 100, "AE", 0, "another")
    assert [part.exemption for part in add_taxes([first, second])] == ["Reverse charge"]


@pytest.mark.parametrize(("quantity", "price"), [(10**6, 10**12), (1, money.LARGEST)])
def test_amounts_out_of_range_are_refused(quantity: int, price: int) -> None:
    with pytest.raises(AmountTooLarge):
        sum_up([LineDraft("x", quantity, price, "S", 1900)])
