"""The periods of a quote: what is billed at once, and what comes again until the term's end. Periods are half-open."""

from dataclasses import dataclass
from datetime import date, timedelta

from billing_core import clock, words
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteVersion

MONTHS_OF = {"yearly": 12, "monthly": 1}
"""How many months a billing period has; what is not named here is delivered once."""


@dataclass(frozen=True)
class Recurring:
    """What all lines of one frequency cost each period, net, after the first one."""

    frequency: str
    net: int
    next_start: date
    """First day of the second period."""


def term_end(version: QuoteVersion) -> date:
    """The renewal date: the first day after the term."""
    return clock.add_months(version.starts_on, version.term_months)


def last_day(version: QuoteVersion) -> date:
    """The last day of the term, as people say it."""
    return term_end(version) - timedelta(days=1)


def first_period(starts_on: date, frequency: str) -> tuple[date, date] | tuple[None, None]:
    """The billing period that is invoiced with the acceptance; none for what is delivered once."""
    if frequency not in MONTHS_OF:
        return None, None
    return starts_on, clock.add_months(starts_on, MONTHS_OF[frequency])


def recurring_of(version: QuoteVersion) -> list[Recurring]:
    """The recurring sums of a version with its lines, yearly before monthly."""
    found = []
    for frequency, months in MONTHS_OF.items():
        lines = [line for line in version.lines if line.frequency == frequency]
        if lines:
            net = sum(line.net for line in lines)
            found.append(Recurring(frequency, net, clock.add_months(version.starts_on, months)))
    return found


def frequency_word(frequency: str) -> str:
    """How often, as a table says it, in the reader's language."""
    return words.gettext({"yearly": mark("yearly"), "monthly": mark("monthly"), "once": mark("one-off")}[frequency])
