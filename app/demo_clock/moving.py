"""Moving the demo's clock on; it never goes back."""

from datetime import date, datetime, timedelta

from app.demo.install import is_installed
from app.demo_clock.lead import FURTHEST, Lead
from billing_core import audit, clock, db, jobs
from billing_core.errors import Invalid, Refusal
from billing_core.words import mark

STEPS = ("day", "week", "month")
LONGEST_MOVE = timedelta(days=366)


class OnlyInTheDemo(Refusal):
    """There is no demo in this database; nobody else's data are brought into the future."""

    message = mark("Only the clock of a demo can be moved, and there is no demo in this database.")


class MovedMeanwhile(Refusal):
    """The clock is no longer where the sender of the form saw it: the second of two clicks, or somebody else's move."""

    message = mark("The clock has been moved meanwhile. Please look at it and move it again if you still want to.")


def move_clock(lead: Lead, wanted: str | date, actor: str, seen: int | None = None) -> datetime:
    """Move the clock on by a step of STEPS, or to a day at the same time of day (UTC); the instant that it is then.

    `seen`: the days ahead at which the sender saw it. Raises OnlyInTheDemo, MovedMeanwhile, or Invalid for `to`.
    Not to be called inside a transaction.
    """
    if not is_installed():
        raise OnlyInTheDemo
    with lead.alone():
        ahead = lead()
        if seen is not None and seen != ahead.days:
            raise MovedMeanwhile
        further = _days_to(wanted, clock.now().date())
        if ahead + further > FURTHEST:
            raise Invalid(mark("The clock of the demo does not go as far as this."), field="to")
        lead.move(ahead + further)
        db.perform(audit.record, actor, "clock.moved", "demo", days=further.days, ahead=(ahead + further).days)
    jobs.wake.set()
    return clock.now()


def _days_to(wanted: str | date, today: date) -> timedelta:
    days = (wanted if isinstance(wanted, date) else _after(wanted, today)) - today
    if days <= timedelta():
        raise Invalid(mark("Choose a later day: the clock never goes back."), field="to")
    if days > LONGEST_MOVE:
        raise Invalid(mark("The clock moves on by a year at most. Choose an earlier day."), field="to")
    return days


def _after(step: str, today: date) -> date:
    return clock.add_months(today, 1) if step == "month" else today + timedelta(days={"day": 1, "week": 7}[step])
