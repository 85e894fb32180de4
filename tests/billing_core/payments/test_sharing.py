"""How one payment is divided among invoices: sums, rests and refusals, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import money, words
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments.limits import card_amounts, least_total, minimum, most_total, share_amounts, step
from billing_core.payments.refusals import TotalNotPossible
from billing_core.payments.sharing import TOTAL, Payable, Wish, check_total, objections, oldest_first, spread

CURRENCIES = ["EUR", "JPY", "KWD", "HUF"]
"""With 2, 0 and 3 decimal places, and with a large minimum."""


def payable(place: int, balance: int, currency: str = "EUR", held: int = 0) -> Payable:
    """An invoice that is due on the day of its place."""
    due = date(2026, 1, 1) + timedelta(days=place)
    named = f"inv_{place}"
    return Payable(
        Invoice(id=place + 1, public_id=named, number=named, balance=balance, currency=currency, due_on=due), held
    )


def payables(*balances: int, currency: str = "EUR") -> list[Payable]:
    return [payable(place, balance, currency) for place, balance in enumerate(balances)]


def told(*balances: int, wishes: dict[int, int | None], currency: str = "EUR") -> dict[str, str]:
    """What stands against these amounts by the place of the invoice, in words."""
    found = payables(*balances, currency=currency)
    asked = [Wish(f"inv_{place}", amount) for place, amount in wishes.items()]
    chosen = [found[place] for place in wishes]
    return {where: words.sentence(refusal).replace("\u00a0", " ") for where, refusal in objections(chosen, asked)}


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Payable], int]:
    """Invoices in one currency, many of them about as small as the minimum, and any total."""
    currency = draw(st.sampled_from(CURRENCIES))
    least = minimum(currency)
    one = st.integers(1, 4 * least) | st.integers(1, 10_000_000) | st.integers(0, 40 * least).map(lambda n: n * 10 + 10)
    balances = draw(st.lists(one, min_size=1, max_size=8))
    total = draw(st.integers(0, sum(balances) + least))
    return currency, payables(*balances, currency=currency), total


def outcome(total: int, found: list[Payable]) -> dict[str, int] | TotalNotPossible:
    """The shares, or the refusal."""
    try:
        return spread(total, found)
    except TotalNotPossible as refusal:
        return refusal


@given(cases())
def test_a_spread_adds_up_and_leaves_no_rest_that_no_card_can_pay(case: tuple[str, list[Payable], int]) -> None:
    currency, found, total = case
    shares = outcome(total, found)
    if isinstance(shares, TotalNotPossible):
        assert shares.field == "total"
        return
    assert sum(shares.values()) == total
    for one in found:
        share = shares.get(one.invoice.public_id, 0)
        rest = one.amount - share
        assert 0 <= share <= one.amount
        assert share == 0 or rest == 0 or rest >= minimum(currency)
        if one.amount % step(currency) == 0:
            assert rest % step(currency) == 0
            assert share == 0 or rest == 0 or not card_amounts(rest, currency).is_none
    wishes = [Wish(public_id, amount) for public_id, amount in shares.items()]
    by_id = {one.invoice.public_id: one for one in found}
    if len(wishes) > 1:
        assert not list(objections([by_id[wish.invoice] for wish in wishes], wishes))


@given(cases())
def test_a_spread_is_oldest_first(case: tuple[str, list[Payable], int]) -> None:
    """Whoever gets nothing or a part is followed by others only as far as it would keep too small a rest."""
    currency, found, total = case
    shares = outcome(total, found)
    if isinstance(shares, TotalNotPossible):
        return
    left = total
    for one in oldest_first(found):
        share = shares.get(one.invoice.public_id, 0)
        if share < min(left, one.amount):
            assert one.amount - left < minimum(currency)
            assert share == max(one.amount - minimum(currency), 0)
        left -= share


@given(cases())
def test_the_totals_that_a_refusal_names_are_possible(case: tuple[str, list[Payable], int]) -> None:
    currency, found, total = case
    refusal = outcome(total, found)
    named_ones = (TotalNotPossible.ONLY, TotalNotPossible.ONE_OF_TWO)
    if not isinstance(refusal, TotalNotPossible) or refusal.message not in named_ones:
        return
    for text in {str(refusal.params["one"]), str(refusal.params["other"])}:
        figures = "".join(c for c in text if c in "0123456789.,")
        named = money.parse(figures, currency, "en")
        assert sum(spread(named, found).values()) == named != total


@given(st.sampled_from(CURRENCIES), st.integers(1, 10_000_000), st.data())
def test_a_share_is_all_or_leaves_what_a_card_can_pay(currency: str, balance: int, data: st.DataObject) -> None:
    allowed = share_amounts(balance, currency)
    amount = data.draw(st.integers(-10, balance + 10) | st.sampled_from([allowed.least, allowed.most, balance]))
    rest = balance - amount
    if allowed.allow(amount):
        assert amount > 0
        assert rest == 0 or rest >= minimum(currency)
    elif balance % step(currency) or amount % step(currency) == 0:
        assert amount <= 0 or rest < 0 or 0 < rest < minimum(currency)


@pytest.mark.parametrize(
    ("balances", "total", "shares"),
    [
        ((10000, 6000), 16000, [10000, 6000]),
        ((10000, 6000), 4000, [4000]),
        ((10000, 6000), 10000, [10000]),
        ((10000, 6000), 12000, [10000, 2000]),
        ((10000, 6000), 9980, [9950, 30]),
        ((30, 10000), 50, [30, 20]),
        ((10000, 40, 6000), 9990, [9950, 40]),
        ((10000, 80, 6000), 9990, [9950, 30, 10]),
    ],
)
def test_what_is_spread(balances: tuple[int, ...], total: int, shares: list[int]) -> None:
    assert list(spread(total, payables(*balances)).values()) == shares


@pytest.mark.parametrize(
    ("balances", "total", "sentence"),
    [
        ((10000,), 9980, "Enter €99.50 or €100.00 instead: €99.80 would leave a rest below €0.50 on an invoice."),
        ((60,), 55, "Enter €0.60 instead: €0.55 would leave a rest below €0.50 on an invoice."),
        ((10000, 30), 9990, "Enter €99.80 or €100.00 instead: €99.90 would leave a rest below €0.50 on an invoice."),
        ((100, 100), 201, "These invoices take €2.00 at most."),
        ((100, 100), 49, "One card payment is from €0.50 to €999,999.99. These amounts are €0.49 together."),
    ],
)
def test_a_total_that_cannot_be_spread_names_those_that_can(
    balances: tuple[int, ...], total: int, sentence: str
) -> None:
    with pytest.raises(TotalNotPossible) as refused:
        spread(total, payables(*balances))
    assert words.sentence(refused.value).replace("\u00a0", " ") == sentence


def test_a_small_invoice_is_paid_together_with_others() -> None:
    assert told(30, wishes={0: None}) == {
        "inv_0": "€0.30 cannot be paid by card: the least is €0.50. Please pay by bank transfer."
    }
    assert told(30, 20, wishes={0: None, 1: None}) == {}
    assert told(30, 19, wishes={0: None, 1: None}).keys() == {TOTAL}
    assert told(30, 10000, wishes={0: 20, 1: None}) == {
        "inv_0": "Only the full amount of €0.30 can be paid: a part would leave a rest below €0.50."
    }


def test_every_objection_is_told_at_its_invoice() -> None:
    assert told(10000, 5000, 3000, wishes={0: 10001, 1: None, 2: 2960}).keys() == {"inv_0", "inv_2"}


def test_the_whole_must_be_what_a_card_can_be_charged_with() -> None:
    most = most_total("EUR")
    assert told(most, most, wishes={0: 100, 1: None}).keys() == {TOTAL}
    assert told(most, most, wishes={0: 100, 1: most - 100}) == {}
    assert (least_total("EUR"), least_total("KWD"), most_total("JPY"), most_total("KWD")) == (
        50,
        500,
        99_999_999,
        99_999_990,
    )


def test_in_three_decimals_the_last_digit_of_the_whole_is_zero() -> None:
    assert told(1005, 2005, wishes={0: None, 1: None}, currency="KWD") == {}
    assert told(1005, 2000, wishes={0: None, 1: None}, currency="KWD") == {
        TOTAL: "The last digit of the total in KWD must be 0 for card payments: now it is KWD 3.005."
    }
    refused = told(2000, 2000, wishes={0: 1005, 1: 1005}, currency="KWD")
    assert set(refused.values()) == {"The last digit of an amount in KWD must be 0 for card payments."}
    with pytest.raises(TotalNotPossible) as found:
        spread(2000, payables(1005, 2000, currency="KWD"))
    assert found.value.message == TotalNotPossible.NOT_IN_STEPS
    assert list(spread(3000, payables(1000, 4000, currency="KWD")).values()) == [1000, 2000]


@pytest.mark.parametrize("total", [0, -50, 10**15])
def test_no_card_is_charged_with_that(total: int) -> None:
    with pytest.raises(Refusal):
        check_total(total, "EUR")
