"""The way into the cart: where the lines of these pages are posted to, and how many there are."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, url_for

ADD, ADD_PATH = "cart.add", "/billing/cart/lines"
LINES = "lines_in_cart"
"""The name under which the cart tells every template how many lines it has."""


@dataclass(frozen=True)
class Door:
    """Where a line is posted to, and how many the viewer's cart has: an empty one is gone past to the checkout."""

    add: str
    lines: int


def door() -> Door:
    """Of the viewer's cart."""
    return Door(url_for(ADD) if ADD in current_app.view_functions else ADD_PATH, lines())


def lines() -> int:
    """How many there are in the viewer's cart."""
    told: Callable[[], int | None] | None = current_app.jinja_env.globals.get(LINES)  # type: ignore[assignment]
    return (told() or 0) if told else 0
