"""When a renewal is tried: pure rules about days on the account's calendar."""

from datetime import date, timedelta

RETRY_AFTER = (3, 7, 14)
"""Days after the first attempt at which a failed charge is tried again (domain.md 6: 3 times in 14 days)."""
NOTICE = {"yearly": 30, "monthly": 3}
"""How many days before a renewal its notice goes out, by frequency."""
TRIAL_NOTICE = 3
"""Before a trial's end."""
CARD_NOTICE = 30
"""Before a default card's last day."""


def following(first: date, today: date) -> date | None:
    """The day of the next attempt; None where the last one is over.

    Days that a worker slept through are not made up for: 14 days after the first attempt the renewal has had its time.
    """
    days = (first + timedelta(after) for after in RETRY_AFTER)
    return next((day for day in days if day > today), None)


def may_begin(last: date | None, today: date) -> bool:
    """Whether a subscription can be charged today: never twice on one day, however many periods are to be caught up."""
    return last is None or last < today


def last_try(first: date) -> date:
    """The day after whose attempt the renewal is given up."""
    return first + timedelta(RETRY_AFTER[-1])


def tomorrow(today: date) -> date:
    """Where a payment is under way on the last day: its end is waited for."""
    return today + timedelta(1)
