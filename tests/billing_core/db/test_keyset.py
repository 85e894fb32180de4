"""Pages by key: every row once in each direction, one statement a page, and no cursor that can do harm."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.jobs import Job
from tests.conftest import Database
from tests.factories.sql import statements

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = {
    "by number": Key((Job.id,)),
    "newest number first": Key((Job.id,), descending=True),
    "by time": Key((Job.run_at, Job.id)),
    "newest time first": Key((Job.run_at, Job.id), descending=True),
}


@pytest.fixture
def jobs(database: Database) -> list[int]:
    """25 jobs, of which five at a time have the same instant; their ids in order."""

    def insert() -> list[int]:
        rows = [
            Job(kind="x", payload="{}", run_at=BEGIN + timedelta(microseconds=n // 5), created_at=BEGIN)
            for n in range(25)
        ]
        db.session().add_all(rows)
        db.session().flush()
        return sorted(row.id for row in rows)

    return db.perform(insert)


def page(key: Key, after: str = "", before: str = "", size: int = 7) -> Slice[Any]:
    with db.reading():
        return page_of(select(Job), key, after, before, size)


@pytest.mark.parametrize("order", ORDERS)
def test_every_row_stands_on_one_page_forwards_and_backwards(jobs: list[int], order: str) -> None:
    key, expected = ORDERS[order], jobs[::-1] if ORDERS[order].descending else jobs
    forwards, pages = [], [page(key)]
    while pages[-1].following:
        pages.append(page(key, after=pages[-1].following))
    for one in pages:
        forwards += [row.id for row in one.rows]
    assert forwards == expected
    assert [len(one.rows) for one in pages] == [7, 7, 7, 4]
    assert pages[0].previous is None

    back = [pages[-1]]
    while back[-1].previous:
        back.append(page(key, before=back[-1].previous))
    assert [row.id for one in reversed(back) for row in one.rows] == expected
    assert all(one.following for one in back[1:])


def test_a_page_is_one_statement_without_count_and_offset(jobs: list[int]) -> None:
    cursor = page(ORDERS["by time"]).following or ""
    with statements() as ran:
        page(ORDERS["by time"], after=cursor)
    assert len(ran) == 1
    assert "count(" not in ran[0].lower()
    assert "LIMIT" in ran[0]


def test_a_row_that_is_new_or_gone_moves_no_other(jobs: list[int]) -> None:
    key = ORDERS["newest number first"]
    first = page(key)

    def change() -> None:
        db.session().add(Job(kind="new", payload="{}", run_at=BEGIN, created_at=BEGIN))
        db.session().delete(db.session().get_one(Job, first.rows[-1].id))

    db.perform(change)
    assert [row.id for row in page(key, after=first.following or "").rows] == jobs[::-1][7:14]


def test_a_full_last_page_has_nothing_behind_it(jobs: list[int]) -> None:
    assert page(ORDERS["by number"], size=25).following is None
    assert page(ORDERS["by number"], size=24).following is not None


def test_the_page_behind_the_last_row_is_empty(jobs: list[int]) -> None:
    key = ORDERS["by number"]
    behind = page(key, after=str(jobs[-1]))
    assert behind.rows == []
    assert behind.following is None


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "~", "~~", "1~2", "-1", "\uff11", "1e3", " 1", "9" * 19, "9" * 5000, "20260101T000000000000~x",
        "20269999T000000000000~1", "20260101~1", "\x00", "'; DROP TABLE job; --", "None", "1.5",
    ],
)  # fmt: skip
def test_a_cursor_that_makes_no_sense_shows_the_first_page(jobs: list[int], cursor: str) -> None:
    key = ORDERS["by time"]
    for one in (page(key, after=cursor), page(key, before=cursor), page(key, after=cursor, before=cursor)):
        assert [row.id for row in one.rows] == jobs[:7]


def test_a_cursor_names_the_place_of_a_row(jobs: list[int]) -> None:
    key = ORDERS["by time"]
    row = page(key).rows[-1]
    assert key.place(key.cursor(row)) == (row.run_at, row.id)
