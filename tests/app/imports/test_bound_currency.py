"""The currency of an account stays while something that was bought here is billed in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from time_machine import Traveller

from app.imports.importing import import_directory
from billing_core import db
from billing_core.orders.online.ending import cancel_subscription
from billing_core.orders.online.wishes import Try
from billing_core.sellers.models import Seller
from tests.app.imports import directories as d
from tests.conftest import Database
from tests.factories.shop import Shop, shop
from tests.factories.till import CardTill, impatient

REFUSED = ["accounts.csv, line 2, column currency: is EUR until the subscriptions that were bought here have ended"]


@pytest.fixture
def clocks() -> Iterator[Traveller]:
    with time_machine.travel(datetime(2026, 6, 1, 10, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def till(database: Database, clocks: Traveller, tmp_path: Path) -> CardTill:
    with impatient():
        return CardTill(tmp_path / "sandbox.sqlite")


@pytest.fixture
def at(till: CardTill) -> Shop:
    return shop()


def problems(at: Shop, folder: Path, currency: str = "USD") -> list[str]:
    """What an import of the account's row says."""
    of = at.account
    with db.reading() as session:
        seller = session.get_one(Seller, of.seller_id).external_id
    row = d.account(of.external_id, number=of.number, kind="online", rep="", seller=seller, currency=currency)
    report = import_directory(d.write(folder, {"accounts.csv": [row]}), source=of.source)
    return [str(problem) for problem in report.problems]


def test_it_stays_until_the_last_paid_day(at: Shop, till: CardTill, tmp_path: Path, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    assert problems(at, tmp_path) == REFUSED
    assert problems(at, tmp_path, currency="EUR") == []
    db.perform(cancel_subscription, at.buyer, at.account.public_id, at.subscription().public_id)
    assert problems(at, tmp_path) == REFUSED
    clocks.move_to(datetime(2026, 7, 2, 10, tzinfo=UTC), tick=False)
    assert problems(at, tmp_path) == []


def test_a_trial_costs_nothing_in_any_currency(at: Shop, tmp_path: Path) -> None:
    at.order(Try(at.product.code, "Pro", 2))
    assert problems(at, tmp_path) == []
