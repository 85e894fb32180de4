"""Whatever is offered, the sums add up: lines, discounts, taxes, invoice and credit note."""

from collections import Counter
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core import clock, money
from billing_core.accounts import Account
from billing_core.catalogue.models import Price, Product
from billing_core.errors import Invalid
from billing_core.sellers.tax import TaxDecision
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.offer import pricing
from corporate_portal.quotes.offer.content import ADD, FREE, REMOVE, START, LineWish, QuoteContent
from corporate_portal.quotes.offer.positions import Shelf

TODAY = date(2026, 11, 17)
PRODUCTS = {
    code: cast(Product, SimpleNamespace(code=code, name=code, seat_kind="agent", tax_category=category))
    for code, category in {"A": "S", "B": "AA"}.items()
}
ACCOUNT = cast(Account, SimpleNamespace(currency="EUR", locale="en", timezone="UTC"))
SOLD = cast(
    Subscription,
    SimpleNamespace(
        public_id="sub", product=PRODUCTS["A"], tier="", frequency="yearly", seats=5000, removed_at_end=0,
        unit_price=9999, currency="EUR", is_trial=False, renewed_by_id=None, period_start=date(2026, 1, 31),
        period_end=date(2029, 1, 31), last_day=date(2029, 1, 30),
    ),
)  # fmt: skip
TAXES = {"S": TaxDecision("S", 1900, "", "", ""), "AA": TaxDecision("AA", 700, "", "", "")}

quantities = st.integers(1, 40)
percents = st.integers(0, 10_000)
starts = st.builds(
    LineWish, product_code=st.sampled_from("AB"), tier=st.just(""), quantity=quantities, percent_off=percents,
    frequency=st.sampled_from(["monthly", "yearly", "once"]), effect=st.just(START),
)  # fmt: skip
days = st.dates(date(2026, 1, 31), date(2029, 1, 30))
changes = st.builds(
    LineWish, product_code=st.just(""), tier=st.just(""), frequency=st.just(""), quantity=quantities,
    effect=st.sampled_from([ADD, REMOVE]), subscription=st.just("sub"), starts_on=days, credited=st.booleans(),
)  # fmt: skip
frees = st.builds(
    LineWish, product_code=st.sampled_from("AB"), tier=st.just(""), frequency=st.just("once"), quantity=quantities,
    unit_price=st.integers(-100_000, 100_000), effect=st.just(FREE), description=st.just("Words"),
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _given() -> Any:
    prices = {
        (code, "", frequency): cast(Price, SimpleNamespace(product=product, amount=amount))
        for code, product in PRODUCTS.items()
        for frequency, amount in {"monthly": 1201, "yearly": 12007, "once": 50003}.items()
    }

    def shelf(account: Account, content: QuoteContent) -> Shelf:
        return Shelf(account, content, prices, PRODUCTS, {"sub": SOLD}, Counter())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shelf, "of", shelf)
        patch.setattr(pricing, "decide_tax", lambda _account, category: TAXES[category])
        patch.setattr(clock, "today", lambda _zone: TODAY)
        yield


def price(lines: list[LineWish], **discount: int) -> pricing.PricedQuote:
    return pricing.price_quote(ACCOUNT, QuoteContent("Title", TODAY, 12, tuple(lines), **discount))


lists = st.lists(st.one_of(starts, changes, frees), min_size=1, max_size=8)


@given(lists, percents)
def test_the_sums_are_those_of_the_lines(lines: list[LineWish], percent_off: int) -> None:
    quote = price(lines, percent_off=percent_off)
    assert sum(line.due for line in quote.lines) == quote.net
    assert quote.total == quote.net + quote.tax
    assert quote.net == sum(row.net for row in quote.taxes)
    assert quote.tax == sum(row.tax for row in quote.taxes)
    assert all(row.tax == money.percent(row.net, row.rate) for row in quote.taxes)
    assert all(line.due >= 0 and line.net >= 0 for line in quote.lines if line.is_billed)
    assert not [line for line in quote.lines if line.is_billed and line.is_credited]
    assert 0 <= quote.discount_share <= 10_000
    for line in quote.lines:
        if line.effect != REMOVE:
            assert line.net == line.quantity * line.unit_price - line.discount - line.rebate


@given(lists, st.integers(0, 10**7))
def test_an_amount_off_is_taken_off_once_and_wholly(lines: list[LineWish], amount_off: int) -> None:
    without = price(lines)
    if amount_off > without.billed.net:
        with pytest.raises(Invalid) as refused:
            price(lines, amount_off=amount_off)
        assert refused.value.field == "total_discount"
        return
    quote = price(lines, amount_off=amount_off)
    assert sum(line.once_off for line in quote.lines) == amount_off
    assert quote.net == without.net - amount_off
    assert [line.net for line in quote.lines] == [line.net for line in without.lines]
    assert quote.credited == without.credited
    assert all(line.due >= 0 for line in quote.lines if line.is_billed)


@given(quantities, days)
def test_seats_that_join_and_leave_on_one_day_are_nothing(quantity: int, day: date) -> None:
    one = LineWish("", "", "", quantity, effect=ADD, subscription="sub", starts_on=day)
    other = LineWish("", "", "", quantity, effect=REMOVE, subscription="sub", starts_on=day, credited=True)
    quote = price([one, other])
    assert (quote.net, quote.tax, quote.total) == (0, 0, 0)


@given(quantities, days, days)
def test_the_longer_the_rest_the_dearer(quantity: int, one: date, other: date) -> None:
    first, second = sorted((one, other))
    dues = [
        price([LineWish("", "", "", quantity, effect=ADD, subscription="sub", starts_on=day)]).net
        for day in (first, second)
    ]
    assert dues[0] >= dues[1] > 0
