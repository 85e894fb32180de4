"""The billing periods of an order, and the invoices that they still have to bring. Periods are half-open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from billing_core import clock, db
from billing_core.errors import Invalid
from billing_core.orders import states
from billing_core.orders.models import OrderLine, ScheduledInvoice, ServiceOrder
from billing_core.subscriptions.proration import MONTHS_OF
from billing_core.words import mark

BILLED_AGAIN = ("start", "renew")
"""Only these are billed for each period of their term; added seats are paid until the term's end at once."""


@dataclass(frozen=True)
class Period:
    """A billing period; `end` is the first day after it."""

    start: date
    end: date


class BrokenTerm(Invalid):
    """A term that its billing periods do not fill."""

    message = mark("The term of each recurring line must be made of whole billing periods.")


def periods(term_start: date, term_end: date, frequency: str) -> list[Period]:
    """The billing periods of a term; each begins on the anchor day: 31 January, 28 February, 31 March.

    Raises BrokenTerm where the months of the term are no multiple of the period's.
    """
    step = MONTHS_OF[frequency]
    months = 12 * (term_end.year - term_start.year) + term_end.month - term_start.month
    if months <= 0 or months % step:
        raise BrokenTerm
    starts = [clock.add_months(term_start, number) for number in range(0, months, step)]
    return [Period(start, end) for start, end in zip(starts, [*starts[1:], term_end], strict=True)]


def later_periods(lines: Iterable[OrderLine]) -> list[tuple[Period, OrderLine]]:
    """What is still to be billed after the acceptance: every period of each term but the first, in order of lines."""
    return [
        (period, line)
        for line in lines
        if line.effect in BILLED_AGAIN and line.term_end is not None and line.frequency in MONTHS_OF
        for period in periods(line.term_start, line.term_end, line.frequency)[1:]
    ]


def write_schedule(order: ServiceOrder) -> None:
    """One waiting invoice a day for everything of the order whose later period begins then. Raises BrokenTerm."""
    days = sorted({period.start for period, _ in later_periods(order.lines)})
    waiting = [
        ScheduledInvoice(public_id=db.public_id("sch"), order_id=order.id, issue_on=day, state=states.SCHEDULE.initial)
        for day in days
    ]
    db.session().add_all(waiting)
