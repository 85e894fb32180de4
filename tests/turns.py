"""Most tests take turns: in `bin/test` each runs on one of the two databases, and on the other one in the second turn.

A journey is walked in one language first and in the other one then. Both turns together run every test on both
databases and every walk; CI runs both.
"""

from collections import defaultdict
from pathlib import Path
from zlib import crc32

import pytest

JOURNEYS = Path(__file__).parent / "journeys"
KINDS = ("sqlite", "postgresql")


def add_option(parser: pytest.Parser) -> None:
    """`--turn`: without it every test runs on both databases."""
    parser.addoption("--turn", choices=("first", "second"), help="which half of the tests on two databases to run")


def of_turn(items: list[pytest.Item], turn: str | None) -> list[pytest.Item]:
    """Those of the items that belong to the turn, in their order. The first turn has what takes no turns too."""
    if turn is None:
        return items
    second = {item.nodeid for item in items if _takes_turns(item) and _is_second(item)} | _second_walks(items)
    return [item for item in items if (item.nodeid in second) == (turn == "second")]


def _takes_turns(item: pytest.Item) -> bool:
    return not item.path.is_relative_to(JOURNEYS) and database_of(item) is not None and not _declares_kinds(item)


def _is_second(item: pytest.Item) -> bool:
    """By the test's name, so that every process of a run and every run has the same."""
    kind = database_of(item) or ""
    return kind != KINDS[_number(item.nodeid.replace(kind, "")) % 2]


def _second_walks(items: list[pytest.Item]) -> set[str]:
    """Every other one of the ways in which a journey is walked."""
    walks = defaultdict(list)
    for item in items:
        if item.path.is_relative_to(JOURNEYS):
            walks[item.nodeid.partition("[")[0]].append(item.nodeid)
    ways = {journey: sorted(found) for journey, found in walks.items() if len(found) > 1}
    return {way for journey, found in ways.items() for way in found[_number(journey) % 2 :: 2]}


def _number(name: str) -> int:
    return crc32(name.encode())


def _declares_kinds(item: pytest.Item) -> bool:
    """Whether the test itself says on which databases it runs."""
    return any("database" in str(mark.args[0]) for mark in item.iter_markers("parametrize"))


def database_of(item: pytest.Item) -> str | None:
    """The kind of database that the test runs on, or None where it needs none."""
    call = getattr(item, "callspec", None)
    kind = call.params.get("database") if call is not None else None
    return kind if kind in KINDS else None
