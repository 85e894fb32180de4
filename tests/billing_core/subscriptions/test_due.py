"""The sums of a change: tax on the net sum, what account credit pays, what is due today and what credit is left."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import money
from billing_core.ledger.calculation import AmountTooLarge, sum_up
from billing_core.subscriptions.due import Due, TaxedNet, due


@pytest.mark.parametrize(
    ("nets", "credit", "sums"),
    [
        ([6000, -2500], 0, Due(3500, 665, 0, 4165, 0)),
        ([-500], 0, Due(-500, -95, 0, 0, 595)),
        ([6000, -1333], 595, Due(4667, 887, 595, 4959, 0)),
        ([6000, -2500], 4165, Due(3500, 665, 4165, 0, 0)),
        ([6000, -2500], 10000, Due(3500, 665, 4165, 0, 5835)),
        ([-500], 700, Due(-500, -95, 0, 0, 1295)),
        ([], 700, Due(0, 0, 0, 0, 700)),
        ([5000, -5000], 0, Due(0, 0, 0, 0, 0)),
    ],
)
def test_the_worked_examples_and_credits_larger_than_the_charge(nets: list[int], credit: int, sums: Due) -> None:
    assert due([TaxedNet(net, 1900) for net in nets], credit) == sums


def test_tax_is_taken_once_on_the_net_sum_and_not_line_by_line() -> None:
    """19 % of 0.99 - 0.07 = 0.92 is 0.17; line by line it would be 0.19 - 0.01 = 0.18."""
    assert due([TaxedNet(99, 1900), TaxedNet(-7, 1900)], 0).tax == 17


def test_the_unused_part_bears_the_tax_it_was_invoiced_with() -> None:
    """The rate rose from 16 to 19 %: 60.00 at 19 % less 25.00 at 16 %."""
    assert due([TaxedNet(6000, 1900), TaxedNet(-2500, 1600)], 0) == Due(3500, 740, 0, 4240, 0)
    reverse = due([TaxedNet(6000, 0, "AE", "Reverse charge"), TaxedNet(-2500, 1900)], 0)
    assert reverse == Due(3500, -475, 0, 3025, 0)


def test_what_is_charged_and_credited_again_leaves_nothing_at_half_a_cent() -> None:
    """19 % of 0.50 is 0.095: rounded away from zero on either side."""
    charged = due([TaxedNet(50, 1900)], 0)
    credited = due([TaxedNet(-50, 1900)], 0)
    assert (charged.due_today, credited.credit_left) == (60, 60)


def test_sums_beyond_the_range_of_money_are_refused() -> None:
    with pytest.raises(AmountTooLarge):
        due([TaxedNet(money.LARGEST, 1)], 0)
    with pytest.raises(AmountTooLarge):
        due([TaxedNet(-1, 0)], money.LARGEST)


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


taxed = st.builds(TaxedNet, st.integers(-(10**9), 10**9), st.sampled_from([0, 700, 810, 1600, 1900, 2550, 10000]))


@given(st.lists(taxed, max_size=6), st.integers(0, 10**9))
def test_no_money_is_made_or_lost_between_charge_payment_and_credit(lines: list[TaxedNet], credit: int) -> None:
    found = due(lines, credit)
    assert found.net == sum(line.net for line in lines)
    by_rate = {line.tax_rate: Fraction(0) for line in lines}
    for line in lines:
        by_rate[line.tax_rate] += line.net
    assert found.tax == sum(half_up(net * rate / 10_000) for rate, net in by_rate.items())
    gross = found.net + found.tax
    assert found.due_today - (found.credit_left - credit) == gross
    assert 0 <= found.credit_used <= credit
    assert found.due_today >= 0
    assert found.credit_left >= 0
    assert found.due_today == 0 or found.credit_left == 0, "who still has credit pays nothing"
    assert found.credit_used == 0 or gross > 0
    assert gross == sum_up(lines).total, "as the ledger adds up the invoice"
