"""A shop with its buyer's browser, and the processor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_core import db
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client
from tests.factories import shop as factory
from tests.factories.shop import Shop
from tests.factories.till import CardTill, impatient


@pytest.fixture
def till(app: object, tmp_path: Path) -> Iterator[CardTill]:
    """The processor, chosen for the payment verbs."""
    with impatient():
        yield CardTill(tmp_path / "sandbox.sqlite")


@pytest.fixture
def shop(app: object) -> Shop:
    """An online account that may buy GoMeet and GoTrain."""
    return factory.shop()


@pytest.fixture
def buyer(client: Client, shop: Shop) -> Client:
    """Its contact's browser."""
    return client.sign_in(buyer_of(shop), Realm.MY)


def buyer_of(shop: Shop) -> Person:
    """The contact."""
    with db.reading() as session:
        return session.get_one(Person, shop.buyer.person_id)
