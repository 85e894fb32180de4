"""What the races saw, for the end of the run: `tell` keeps a line with the test, and tests/conftest.py prints them."""

from collections.abc import Callable

import pytest


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a line for the end of the run, also where the test runs in another process."""
    return lambda line: record_property("race", line)
