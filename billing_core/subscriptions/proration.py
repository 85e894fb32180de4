"""What a change of a running online subscription costs or credits, by whole days and net (domain.md 6). Pure.

The day of the change belongs to the new period. What raises the period's price, or changes the frequency, restarts the
period; what lowers it keeps the period and credits the difference; what leaves it equal charges nothing.
"""

from dataclasses import dataclass
from datetime import date

from billing_core import clock, money, words
from billing_core.errors import Invalid

NEW_PERIOD, UNUSED, REDUCTION = "new_period", "unused", "reduction"
IMPOSSIBLE = "A subscription needs at least one seat and one day."
MONTHS_OF = {"monthly": 1, "yearly": 12}


@dataclass(frozen=True)
class Running:
    """What runs now; amounts in smallest units, net. The period is half-open."""

    tier: str
    seats: int
    frequency: str
    unit_price: int
    """Per seat and period, as billed for this period."""
    period_start: date
    period_end: date
    anchor_day: int
    """Day of the month on which periods begin."""
    is_paid: bool
    """False: nothing is credited (an unpaid period, a trial)."""


@dataclass(frozen=True)
class Wanted:
    """What is to run from today on; `unit_price` per seat and period."""

    tier: str
    seats: int
    frequency: str
    unit_price: int


@dataclass(frozen=True)
class Charge:
    """One explained line: new_period, unused or reduction; `amount` is negative for what is credited."""

    kind: str
    days: int
    of_days: int
    seats: int
    unit_price: int
    amount: int


@dataclass(frozen=True)
class Change:
    """What a change does: its lines, and the period that runs afterwards."""

    charges: tuple[Charge, ...]
    restarts: bool
    period_start: date
    period_end: date
    anchor_day: int

    @property
    def net(self) -> int:
        """The sum of the lines."""
        return sum(charge.amount for charge in self.charges)


def change(running: Running, wanted: Wanted, on: date) -> Change:
    """What becomes of a running period on the day. Raises Invalid."""
    if wanted.seats < 1 or running.seats < 1:
        raise Invalid(IMPOSSIBLE)
    if not running.period_start <= on < running.period_end:
        raise Invalid(IMPOSSIBLE)
    before, after = running.seats * running.unit_price, wanted.seats * wanted.unit_price
    days, of_days = (running.period_end - on).days, (running.period_end - running.period_start).days
    if wanted.frequency != running.frequency or after > before:
        begun = new_period(wanted, on)
        unused = Charge(
            UNUSED, days, of_days, running.seats, running.unit_price, -money.share(before, days, of_days)
        )  # fmt: skip
        charges = (*begun.charges, unused) if running.is_paid and unused.amount else begun.charges
        return Change(charges, True, begun.period_start, begun.period_end, begun.anchor_day)
    reduced = Charge(
        REDUCTION, days, of_days, running.seats, running.unit_price, -money.share(before - after, days, of_days)
    )  # fmt: skip
    charges = (reduced,) if running.is_paid and reduced.amount else ()
    return Change(charges, False, running.period_start, running.period_end, running.anchor_day)


def new_period(wanted: Wanted, on: date) -> Change:
    """A whole period from the day on: a first purchase, after expiry, out of a trial. Raises Invalid."""
    if wanted.seats < 1:
        raise Invalid(IMPOSSIBLE)
    end = next_period(on, wanted.frequency, on.day)
    days = (end - on).days
    charge = Charge(NEW_PERIOD, days, days, wanted.seats, wanted.unit_price, wanted.seats * wanted.unit_price)
    return Change((charge,), True, on, end, on.day)


def next_period(period_start: date, frequency: str, anchor_day: int) -> date:
    """The first day of the period that follows; it keeps the anchor day: 31 January, 28 February, 31 March."""
    return clock.add_months(period_start, MONTHS_OF[frequency], anchor_day)


def words_of(charge: Charge, currency: str, locale: str | None = None, seat_kind: str = "") -> str:
    """One sentence that explains the line; the locale is the reader's unless it is given."""
    with words.in_language(locale or words.locale()):
        value = money.show(charge.seats * charge.unit_price, currency, words.locale())
        return f"{words.gettext('%(days)s of %(all)s days', days=charge.days, all=charge.of_days)}, {value}"
