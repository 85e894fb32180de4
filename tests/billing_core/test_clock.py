"""Days and instants: where a day ends in a zone, and where a month leads."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from billing_core import clock


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ((2026, 1, 15), "Europe/Berlin", "2026-01-15T23:00:00+00:00"),
        ((2026, 7, 15), "Europe/Berlin", "2026-07-15T22:00:00+00:00"),
        ((2026, 3, 28), "Europe/Berlin", "2026-03-28T23:00:00+00:00"),
        ((2026, 3, 29), "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        ((2026, 10, 24), "Europe/Berlin", "2026-10-24T22:00:00+00:00"),
        ((2026, 10, 25), "Europe/Berlin", "2026-10-25T23:00:00+00:00"),
        ((2026, 6, 1), "Pacific/Kiritimati", "2026-06-01T10:00:00+00:00"),
        ((2026, 6, 1), "Etc/GMT+12", "2026-06-02T12:00:00+00:00"),
        ((2026, 6, 1), "Asia/Kathmandu", "2026-06-01T18:15:00+00:00"),
        ((2026, 12, 31), "UTC", "2027-01-01T00:00:00+00:00"),
        ((2028, 2, 28), "America/New_York", "2028-02-29T05:00:00+00:00"),
        ((2028, 2, 29), "America/New_York", "2028-03-01T05:00:00+00:00"),
    ],
)
def test_a_day_ends_at_midnight_of_its_zone(day: tuple[int, int, int], zone: str, end: str) -> None:
    found = clock.end_of_day(date(*day), zone)
    assert found.isoformat() == end
    assert clock.local(found, zone).date() == date(*day) + timedelta(days=1)
    assert clock.local(found - timedelta(microseconds=1), zone).date() == date(*day)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_days_of_the_clock_change_are_shorter_and_longer(day: tuple[int, int, int], hours: int) -> None:
    whole = date(*day)
    start = clock.end_of_day(whole - timedelta(days=1), "Europe/Berlin")
    assert clock.end_of_day(whole, "Europe/Berlin") - start == timedelta(hours=hours)


def test_where_midnight_does_not_exist_the_day_begins_with_the_next_instant() -> None:
    """Beirut sets its clocks forward at midnight: 29 March 2026 begins at 01:00 there."""
    end = clock.end_of_day(date(2026, 3, 28), "Asia/Beirut")
    assert end == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert clock.local(end, "Asia/Beirut").date() == date(2026, 3, 29)


def test_today_is_another_day_on_the_other_side_of_the_world() -> None:
    with time_machine.travel(datetime(2026, 6, 1, 11, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 6, 1, 11, tzinfo=UTC)
        assert clock.today("Pacific/Kiritimati") == date(2026, 6, 2)
        assert clock.today("Etc/GMT+12") == date(2026, 5, 31)
        assert clock.today("Europe/Berlin") == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("name", "known"), [("Europe/Berlin", True), ("Mars/Olympus", False), ("", False), ("..", False)]
)
def test_only_names_of_the_zone_database_are_zones(name: str, known: bool) -> None:
    assert clock.is_zone(name) is known


@pytest.mark.parametrize(
    ("day", "months", "anchor", "later"),
    [
        ((2026, 1, 31), 1, None, (2026, 2, 28)),
        ((2026, 2, 28), 1, 31, (2026, 3, 31)),
        ((2026, 2, 28), 1, None, (2026, 3, 28)),
        ((2026, 3, 31), 1, 31, (2026, 4, 30)),
        ((2028, 1, 30), 1, None, (2028, 2, 29)),
        ((2028, 2, 29), 12, None, (2029, 2, 28)),
        ((2029, 2, 28), 36, 29, (2032, 2, 29)),
        ((2026, 12, 31), 1, None, (2027, 1, 31)),
        ((2026, 11, 30), 1, None, (2026, 12, 30)),
        ((2026, 1, 15), 24, None, (2028, 1, 15)),
        ((2026, 3, 31), -1, None, (2026, 2, 28)),
        ((2026, 1, 1), -1, None, (2025, 12, 1)),
        ((2026, 5, 5), 0, None, (2026, 5, 5)),
    ],
)
def test_a_month_later_keeps_its_anchor(
    day: tuple[int, int, int], months: int, anchor: int | None, later: tuple[int, int, int]
) -> None:
    assert clock.add_months(date(*day), months, anchor) == date(*later)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 120))
def test_month_by_month_with_the_anchor_comes_to_the_same_day_as_all_at_once(day: date, months: int) -> None:
    step = day
    for _ in range(months):
        step = clock.add_months(step, 1, day.day)
    assert step == clock.add_months(day, months)
    assert step.day <= day.day
