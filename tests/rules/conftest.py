"""The world in which the rules about all addresses are tried."""

import pytest
from flask import Flask

from tests.rules.world import World, build


@pytest.fixture
def world(app: Flask) -> World:
    """One customer with an object of every kind."""
    return build(app)
