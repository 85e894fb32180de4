"""How much of a subscription's term is left from a day on: the whole periods and days that a co-termed change covers.

Periods are counted back from the term's end, so that it is the first one that is short; each keeps the anchor day.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from billing_core import clock, money, words
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.proration import MONTHS_OF


@dataclass(frozen=True)
class Stretch:
    """Whole billing periods, and `days` of the `of_days` of one more, which comes before them."""

    whole_periods: int
    days: int
    of_days: int

    def of(self, amount: int) -> int:
        """What it costs at the amount a period, rounded half up once."""
        return money.prorate(amount, self.whole_periods, self.days, self.of_days)


def rest_of_term(subscription: Subscription, starts_on: date) -> Stretch:
    """From the day until the term's end; the day lies in the term, which ends on `period_end` (exclusive)."""
    end, months = subscription.period_end, MONTHS_OF[subscription.frequency]
    anchor = subscription.period_start.day
    if clock.add_months(end, 0, anchor) != end:
        anchor = end.day
    whole = 0
    while clock.add_months(end, -(whole + 1) * months, anchor) >= starts_on:
        whole += 1
    first_whole = clock.add_months(end, -whole * months, anchor)
    before = clock.add_months(end, -(whole + 1) * months, anchor)
    return Stretch(whole, (first_whole - starts_on).days, (first_whole - before).days)


class Prorated(Protocol):
    """A line that says over what its amount was prorated; None where it was not."""

    @property
    def whole_periods(self) -> int | None: ...
    @property
    def days(self) -> int | None: ...
    @property
    def of_days(self) -> int | None: ...


def stretch_of(line: Prorated) -> Stretch | None:
    """What a line's amount was prorated over; None where it was not."""
    if line.whole_periods is None or line.days is None or line.of_days is None:
        return None
    return Stretch(line.whole_periods, line.days, line.of_days)


def in_words(stretch: Stretch, frequency: str) -> str:
    """The time that is charged or credited, in the reader's language: 2 whole years and 45 of 365 days."""
    parts = []
    if stretch.whole_periods and frequency == "yearly":
        parts.append(words.ngettext("%(num)s whole year", "%(num)s whole years", stretch.whole_periods))
    elif stretch.whole_periods:
        parts.append(words.ngettext("%(num)s whole month", "%(num)s whole months", stretch.whole_periods))
    if stretch.days:
        parts.append(words.gettext("%(days)s of %(all)s days", days=stretch.days, all=stretch.of_days))
    between = words.gettext("and")
    return f" {between} ".join(parts)
