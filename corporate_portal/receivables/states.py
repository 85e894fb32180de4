"""When a reminder is due, and in which tone: the steps that are configured, the same for every account."""

import re
from itertools import pairwise

_days: tuple[int, ...] = (7, 21, 35)

OFF = "off"
MOST_STEPS = 6
LONGEST = 365
FRIENDLY, FIRM, LAST = "friendly", "firm", "last"


def are_reminder_days(text: str) -> bool:
    """Whether the setting names steps, or none."""
    if text.strip() == OFF:
        return True
    if not re.fullmatch(r"\s*[0-9]{1,3}(\s*,\s*[0-9]{1,3})*\s*", text):
        return False
    days = _read(text)
    rises = all(one < other for one, other in pairwise(days))
    return rises and len(days) <= MOST_STEPS and days[0] >= 1 and days[-1] <= LONGEST


def use_reminder_days(text: str) -> None:
    """Say once, at start, which steps there are. The text has been checked."""
    global _days
    _days = () if text.strip() == OFF else _read(text)


def reminder_days() -> tuple[int, ...]:
    """After how many days past due each step is due, rising; empty: reminders are off."""
    return _days


def step_after(days_past_due: int) -> int:
    """The highest step that is due after so many days; 0 before the first one."""
    return sum(1 for days in _days if days <= days_past_due)


def tone_of(step: int) -> str:
    """The first is friendly, the last says so, all between are firm."""
    if step <= 1:
        return FRIENDLY
    return LAST if step >= len(_days) else FIRM


def _read(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))
