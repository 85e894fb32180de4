"""The one source of the present time. Instants are UTC and aware; a day belongs to a named zone.

In the demo the clock can be ahead of the real one (ADR 36). The whole business goes by `now`; only what runs between us
and a browser, another site or another process of ours, none of which went ahead, goes by `real_now`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_ahead: Callable[[], timedelta] | None = None


def run_ahead(by: Callable[[], timedelta] | None) -> None:
    """From now on `now` is ahead of the real time by what the function says each time; None: not at all."""
    global _ahead
    _ahead = by


def now() -> datetime:
    """The present instant in UTC."""
    return real_now() if _ahead is None else real_now() + _ahead()


def real_now() -> datetime:
    """The present instant in UTC, whatever the demo's clock shows."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar day that it is now in the named zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def local(instant: datetime, zone: str) -> datetime:
    """The same instant, on the clocks of the named zone."""
    return instant.astimezone(ZoneInfo(zone))


def end_of_day(day: date, zone: str) -> datetime:
    """The first instant after the named day in the zone, in UTC: a deadline that excludes itself (half-open)."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Whether the name is a zone of the IANA database."""
    return name in available_timezones()


@cache
def zones() -> tuple[str, ...]:
    """The zones to choose from: those of the IANA database that are named after a place, and UTC."""
    named = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(named))


def add_months(day: date, months: int, anchor: int | None = None) -> date:
    """The day some months later that keeps the anchor day: 31 January, 28 February, 31 March (domain.md 6)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(anchor or day.day, last))
