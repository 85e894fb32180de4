"""Prices of a day: the latest that has begun, in the currency asked for, of what is still sold."""

from datetime import date

import pytest

from billing_core import db
from billing_core.catalogue.models import Price
from billing_core.catalogue.queries import prices_on, products_by_code
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")


def price(product_id: int, amount: int, day: date, tier: str = "Pro", currency: str = "EUR") -> None:
    core.add(
        Price(product_id=product_id, tier=tier, frequency="monthly", currency=currency, amount=amount, valid_from=day)
    )


def amounts(day: date, currency: str = "EUR") -> list[int]:
    with db.reading():
        return [found.amount for found in prices_on(day, currency) if found.tier]


def test_the_latest_price_that_has_begun_counts() -> None:
    product = core.product()
    price(product.id, 1000, date(2026, 1, 1))
    price(product.id, 1100, date(2026, 7, 1))
    price(product.id, 900, date(2026, 1, 1), currency="USD")
    assert amounts(date(2025, 12, 31)) == []
    assert amounts(date(2026, 6, 30)) == [1000]
    assert amounts(date(2026, 7, 1)) == [1100]
    assert amounts(date(2026, 7, 1), "USD") == [900]


def test_what_is_no_longer_sold_has_no_price_but_keeps_its_name() -> None:
    product = core.product(is_active=False)
    price(product.id, 1000, date(2026, 1, 1))
    assert amounts(date(2026, 6, 30)) == []
    with db.reading():
        assert products_by_code({product.code, "nothing"})[product.code].name == product.name


def test_prices_come_in_the_order_of_the_catalogue_with_their_products() -> None:
    second, first = core.product(position=2), core.product(position=1)
    for product in (second, first):
        price(product.id, 1000, date(2026, 1, 1), "Starter")
        price(product.id, 2000, date(2026, 1, 1), "Pro")
    with db.reading():
        named = [(found.product.id, found.tier) for found in prices_on(date(2026, 6, 1), "EUR") if found.tier]
    assert named == [(first.id, "Pro"), (first.id, "Starter"), (second.id, "Pro"), (second.id, "Starter")]
