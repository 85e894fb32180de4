"""A shop on 1 June 2026, with a processor beside which its books are audited in the end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from time_machine import Traveller

from tests.checker import audit
from tests.conftest import Database
from tests.factories.shop import Shop, shop
from tests.factories.till import CardTill, impatient
from tests.faults.quiet import settle_down


@pytest.fixture
def clocks() -> Iterator[Traveller]:
    """Noon in Berlin; time stands still until a test moves it."""
    with time_machine.travel(datetime(2026, 6, 1, 10, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def till(database: Database, clocks: Traveller, tmp_path: Path) -> Iterator[CardTill]:
    """The processor; in the end both sides agree."""
    with impatient():
        found = CardTill(tmp_path / "sandbox.sqlite")
        yield found
        settle_down(found)
        audit(database.url, found.path, quiet=True)


@pytest.fixture
def at(till: CardTill) -> Shop:
    """Where it is bought."""
    return shop()
