"""The one source of the present time. Instants are UTC and aware; a day belongs to a named zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def now() -> datetime:
    """The present instant in UTC."""
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
