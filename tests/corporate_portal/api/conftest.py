"""A program with every scope, and what there is to read."""

import pytest
from flask import Flask

from tests.corporate_portal.api import programs
from tests.corporate_portal.api.programs import Program, Stock


@pytest.fixture
def crm(app: Flask) -> Program:
    """A program that may do everything."""
    return Program(app)


@pytest.fixture
def stock(app: Flask) -> Stock:
    """One customer with an object of every kind."""
    return programs.stock()
