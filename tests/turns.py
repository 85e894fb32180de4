"""Most tests take turns: in `bin/test` each runs on one of the two databases, and on the other one in the second turn.

Both turns together run every test on both databases; CI runs both. Where the databases themselves are what can make the
difference (transactions, races, crashes, laws, imports), a test runs on both at once.
"""

from pathlib import Path
from zlib import crc32

import pytest

HERE = Path(__file__).parent
BOTH_AT_ONCE = tuple(
    HERE / place
    for place in ("app", "billing_core/db", "concurrency", "faults", "journeys", "money", "rules", "checker")
)
KINDS = ("sqlite", "postgresql")


def add_option(parser: pytest.Parser) -> None:
    """`--turn`: without it every test runs on both databases."""
    parser.addoption("--turn", choices=("first", "second"), help="which half of the tests on two databases to run")


def of_turn(items: list[pytest.Item], turn: str | None) -> list[pytest.Item]:
    """Those of the items that belong to the turn, in their order. The first turn has what takes no turns too."""
    if turn is None:
        return items
    return [item for item in items if _turn(item) == turn]


def _turn(item: pytest.Item) -> str:
    """By the test's name, so that every process of a run and every run has the same."""
    kind = database_of(item)
    if kind is None or _declares_kinds(item) or any(item.path.is_relative_to(place) for place in BOTH_AT_ONCE):
        return "first"
    name = item.nodeid.replace(kind, "")
    return "first" if KINDS[crc32(name.encode()) % 2] == kind else "second"


def _declares_kinds(item: pytest.Item) -> bool:
    """Whether the test itself says on which databases it runs."""
    return any("database" in str(mark.args[0]) for mark in item.iter_markers("parametrize"))


def database_of(item: pytest.Item) -> str | None:
    """The kind of database that the test runs on, or None where it needs none."""
    call = getattr(item, "callspec", None)
    kind = call.params.get("database") if call is not None else None
    return kind if kind in KINDS else None
