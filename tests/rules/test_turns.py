"""Both turns together run every test exactly once on each of its databases, and every walk of a journey once."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests import turns


def item(place: str, name: str, kind: str | None, *, marked: str = "") -> Any:
    """A test as pytest has collected it."""
    marks = [pytest.mark.parametrize(marked, []).mark] if marked else []
    return SimpleNamespace(
        nodeid=f"{place}::{name}[{kind}]", path=turns.JOURNEYS.parent / place,
        callspec=SimpleNamespace(params={"database": kind}), iter_markers=lambda _name: iter(marks),
    )  # fmt: skip


def on_both(place: str, name: str, **more: str) -> list[Any]:
    return [item(place, name, kind, **more) for kind in turns.KINDS]


PAGES = [one for number in range(40) for one in on_both("corporate_portal/test_pages.py", f"test_{number}")]
NAMED = on_both("corporate_portal/test_pages.py", "test_named", marked="case, database")
PURE = [item("billing_core/test_money.py", "test_sum", None)]


def test_a_test_that_takes_turns_runs_on_one_database_first_and_on_the_other_then() -> None:
    first, second = turns.of_turn(PAGES, "first"), turns.of_turn(PAGES, "second")
    for number in range(40):
        here = [turns.database_of(one) for one in first if f"::test_{number}[" in one.nodeid]
        there = [turns.database_of(one) for one in second if f"::test_{number}[" in one.nodeid]
        assert sorted([here, there]) == [["postgresql"], ["sqlite"]]
    assert {turns.database_of(one) for one in first} == set(turns.KINDS)


def test_a_journey_is_walked_in_one_language_first_and_in_the_other_then() -> None:
    walks = [item("journeys/test_pay.py", "test_pay", kind) for kind in ("en-sqlite", "de-postgresql")]
    walks.append(item("journeys/test_once.py", "test_once", "sqlite"))
    first, second = turns.of_turn(walks, "first"), turns.of_turn(walks, "second")
    assert len(first) == 2
    assert len(second) == 1
    assert walks[2] in first


@pytest.mark.parametrize("fixed", [NAMED, PURE], ids=["its own databases", "no database"])
def test_what_takes_no_turns_runs_in_the_first(fixed: list[Any]) -> None:
    assert turns.of_turn(fixed, "first") == fixed
    assert turns.of_turn(fixed, "second") == []


def test_without_a_turn_everything_runs() -> None:
    assert turns.of_turn(PAGES + NAMED, None) == PAGES + NAMED
