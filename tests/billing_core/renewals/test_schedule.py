"""When a renewal is tried: 3 retries in 14 days (domain.md 6)."""

from datetime import date

from billing_core.renewals import schedule

FIRST = date(2026, 7, 1)


def test_a_failed_charge_is_retried_three_times_in_fourteen_days() -> None:
    days, today = [], FIRST
    while (found := schedule.following(FIRST, today)) is not None:
        days.append(found)
        today = found
    assert days == [date(2026, 7, 4), date(2026, 7, 8), date(2026, 7, 15)]
    assert schedule.last_try(FIRST) == days[-1]


def test_days_that_a_worker_slept_through_are_not_made_up_for() -> None:
    assert schedule.following(FIRST, date(2026, 7, 9)) == date(2026, 7, 15)
    assert schedule.following(FIRST, date(2026, 7, 30)) is None
    assert not schedule.may_begin(FIRST, FIRST)
    assert schedule.may_begin(FIRST, date(2026, 7, 2))
    assert schedule.may_begin(None, FIRST)
