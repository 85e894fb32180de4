"""What crashes in tests of payments begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.till import CardTill, impatient


@pytest.fixture
def till(database: object, tmp_path: Path) -> Iterator[CardTill]:
    """The processor."""
    with impatient():
        yield CardTill(tmp_path / "sandbox.sqlite")
