"""The periods of a quote: what is billed at once, and what comes again until the term's end. Periods are half-open."""

from dataclasses import dataclass
from datetime import date, timedelta

from billing_core import clock, words
from billing_core.subscriptions.proration import MONTHS_OF
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteVersion


@dataclass(frozen=True)
class Recurring:
    """What all lines of one frequency and term cost each period, net, after the first one."""

    frequency: str
    net: int
    starts_on: date
    ends_on: date
    """First day after the term."""

    @property
    def next_start(self) -> date:
        """First day of the second period."""
        return clock.add_months(self.starts_on, MONTHS_OF[self.frequency])

    @property
    def comes_again(self) -> bool:
        """Whether anything is billed after the first period."""
        return self.next_start < self.ends_on

    @property
    def last_day(self) -> date:
        """The last day of the term, as people say it."""
        return self.ends_on - timedelta(days=1)


def term_end(version: QuoteVersion) -> date:
    """The first day after the quote's own term: the renewal date of every line without a term of its own."""
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
    """The recurring sums of a version with its lines, yearly before monthly, the earlier before the later.

    Seats that join a running subscription are not among them: they are billed once, until its term ends.
    """
    nets: dict[tuple[int, date, date, str], int] = {}
    for line in version.lines:
        if line.effect in ("start", "renew") and line.ends_on is not None:
            key = (-MONTHS_OF[line.frequency], line.starts_on, line.ends_on, line.frequency)
            nets[key] = nets.get(key, 0) + line.net
    return [Recurring(frequency, nets[key], start, end) for key in sorted(nets) for _m, start, end, frequency in [key]]


def frequency_word(frequency: str) -> str:
    """How often, as a table says it, in the reader's language."""
    return words.gettext({"yearly": mark("yearly"), "monthly": mark("monthly"), "once": mark("one-off")}[frequency])
