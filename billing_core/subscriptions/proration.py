"""What a change of an online subscription costs on a day (domain.md 6): pure integer arithmetic, with words for it.

Amounts are net, in the currency's smallest unit. Periods are half-open; the day of the change belongs to the new
price, and which day it is the caller knows from the account's zone. Preview and charge ask the same function.
"""

from dataclasses import dataclass, replace
from datetime import date

from billing_core import clock, money, words
from billing_core.documents import letter
from billing_core.errors import Invalid
from billing_core.ledger.calculation import AmountTooLarge
from billing_core.subscriptions.refusals import ChangeOutsidePeriod, NoSeats

MONTHS_OF = {"yearly": 12, "monthly": 1}
"""How many months a billing period has; what is not named here does not come again."""

NEW_PERIOD, UNUSED, REDUCTION = "new_period", "unused", "reduction"


@dataclass(frozen=True)
class Kept:
    """What of the price of a period was paid and not given back: `part` of `whole`, of which at most `most` is left.

    Net amounts, or any two numbers in that proportion.
    """

    part: int = 1
    whole: int = 1
    most: int = money.LARGEST


@dataclass(frozen=True)
class Running:
    """What runs now, after earlier changes. `unit_price` is per seat and period, as it was billed for this one.

    `anchor_day` is the day of the month on which periods begin. Without `is_paid` nothing is credited: a period that
    was not paid; where only some of it was, or some was credited, only what was `kept` is. A trial is not changed at
    all: whoever subscribes gets a `new_period`.
    """

    tier: str
    seats: int
    frequency: str
    unit_price: int
    period_start: date
    period_end: date
    anchor_day: int
    is_paid: bool
    kept: Kept = Kept()

    @property
    def price(self) -> int:
        """The running value: what the whole period costs."""
        return self.seats * self.unit_price


@dataclass(frozen=True)
class Wanted:
    """What is to run. `unit_price` is per seat and period from the day of the change on.

    The caller knows it: added seats cost the subscription's own price until tier or frequency changes.
    """

    tier: str
    seats: int
    frequency: str
    unit_price: int

    @property
    def price(self) -> int:
        """What a whole period of it costs."""
        return self.seats * self.unit_price


@dataclass(frozen=True)
class Charge:
    """One line: `days` of the `of_days` of a period at seats x unit_price, rounded half up once.

    `amount` is negative where it is credited. `kind` is new_period (charged whole), unused (of the period that ends
    with the change) or reduction (of the difference between two prices; where both seats and unit price differ, that
    is one seat at the difference).
    """

    kind: str
    days: int
    of_days: int
    seats: int
    unit_price: int
    amount: int

    @property
    def full(self) -> int:
        """What the fraction is taken of: the price of a whole period, or the difference of two."""
        return self.seats * self.unit_price

    @property
    def fraction(self) -> int:
        """What falls to the days, however much of it was paid."""
        return money.share(self.full, self.days, self.of_days)

    @property
    def is_exact(self) -> bool:
        """Whether nothing had to be rounded."""
        return self.fraction * self.of_days == self.full * self.days


@dataclass(frozen=True)
class Change:
    """What is charged and credited, and the period from then on. No charges where nothing is owed to either side."""

    charges: tuple[Charge, ...]
    restarts: bool
    period_start: date
    period_end: date
    anchor_day: int

    @property
    def net(self) -> int:
        """Before tax; negative where it is credited."""
        return sum(charge.amount for charge in self.charges)


def next_period(period_start: date, frequency: str, anchor_day: int) -> date:
    """The first day after the period, which keeps the anchor day: 31 January, 28 February, 31 March."""
    return clock.add_months(period_start, MONTHS_OF[frequency], anchor_day)


def anchor_of(period_start: date, period_end: date) -> int:
    """The anchor day where only one period is known: a short month holds back one of its ends at most."""
    return max(period_start.day, period_end.day)


def new_period(wanted: Wanted, on: date) -> Change:
    """A whole period from today: a first purchase, after expiry, or out of a trial. The day becomes the anchor.

    Raises NoSeats, AmountTooLarge, and Invalid for what no form offers.
    """
    _require(wanted)
    end = next_period(on, wanted.frequency, on.day)
    days = (end - on).days
    whole = Charge(NEW_PERIOD, days, days, wanted.seats, wanted.unit_price, wanted.price)
    return Change((whole,), True, on, end, on.day)


def change(running: Running, wanted: Wanted, on: date) -> Change:
    """A dearer price or another frequency begins a new period today and credits the unused part of the present one.

    A lower price keeps the period and credits the difference for the rest of it; an equal one changes neither. Raises
    ChangeOutsidePeriod, NoSeats, AmountTooLarge, and Invalid for what no form offers.
    """
    _require(running)
    _require(wanted)
    if not running.period_start <= on < running.period_end:
        raise ChangeOutsidePeriod.of(on, running.period_start, running.period_end)
    if wanted.frequency != running.frequency or wanted.price > running.price:
        begun = new_period(wanted, on)
        return replace(begun, charges=begun.charges + _credited(UNUSED, running, on, running.seats, running.unit_price))
    charges = _credited(REDUCTION, running, on, *_difference(running, wanted))
    return Change(charges, False, running.period_start, running.period_end, running.anchor_day)


def _require(plan: Running | Wanted) -> None:
    if plan.seats < 1:
        raise NoSeats(field="seats")
    if plan.frequency not in MONTHS_OF:
        raise Invalid("A subscription is billed monthly or yearly.", field="frequency")
    if plan.unit_price < 0:
        raise Invalid("A price is never negative.", field="unit_price")
    if plan.price > money.LARGEST:
        raise AmountTooLarge(field="unit_price")


def _difference(running: Running, wanted: Wanted) -> tuple[int, int]:
    """By how much a whole period gets cheaper, as seats and unit price."""
    if wanted.unit_price == running.unit_price:
        return running.seats - wanted.seats, running.unit_price
    if wanted.seats == running.seats:
        return running.seats, running.unit_price - wanted.unit_price
    return 1, running.price - wanted.price


def _credited(kind: str, running: Running, on: date, seats: int, unit_price: int) -> tuple[Charge, ...]:
    """The part of seats x unit_price that falls to the days from `on`; nothing of what was not paid or cost nothing."""
    full, kept = seats * unit_price, running.kept
    days, of_days = (running.period_end - on).days, (running.period_end - running.period_start).days
    amount = min(money.share(full, days * kept.part, of_days * kept.whole), kept.most)
    if not running.is_paid or not full or min(kept.part, kept.most) <= 0:
        return ()
    return (Charge(kind, days, of_days, seats, unit_price, -amount),)


def words_of(charge: Charge, currency: str, locale: str | None = None, seat_kind: str = "") -> str:
    """The charge in one sentence: the days, the fraction, what it is taken of, and whether that was rounded.

    `locale` is the reader's unless it is given; `seat_kind` one of the catalogue's, and anything else is a seat.
    """
    with words.in_language(locale or words.locale()):
        sentence = _sentence(charge, currency, seat_kind)
        if charge.kind == NEW_PERIOD or charge.fraction == -charge.amount:
            return sentence
        left_out = money.show(charge.fraction + charge.amount, currency, words.locale())
        less = words.gettext("Without %(amount)s that was not paid or is credited already.", amount=left_out)
        return f"{sentence} {less}"


def _sentence(charge: Charge, currency: str, seat_kind: str) -> str:
    def shown(amount: int) -> str:
        return money.show(amount, currency, words.locale())

    unit = letter.unit(seat_kind, charge.seats) or words.plural("seat", "seats", charge.seats)
    number, price, amount = letter.number(charge.seats), shown(charge.unit_price), shown(charge.fraction)
    seats = words.gettext("%(number)s %(unit)s at %(price)s", number=number, unit=unit, price=price)
    if charge.kind == NEW_PERIOD:
        return words.ngettext(
            "A new billing period of %(num)s day is charged in full: %(amount)s (%(seats)s).",
            "A new billing period of %(num)s days is charged in full: %(amount)s (%(seats)s).",
            charge.days, amount=amount, seats=seats,
        )  # fmt: skip
    result = words.gettext("exactly %(amount)s", amount=amount)
    if not charge.is_exact:
        result = words.gettext("%(amount)s, rounded to the nearest %(least)s", amount=amount, least=shown(1))
    if charge.kind == UNUSED:
        return words.ngettext(
            "%(num)s of %(of_days)s days of the present billing period is unused, so %(num)s/%(of_days)s of %(full)s "
            "(%(seats)s) is credited: %(result)s.",
            "%(num)s of %(of_days)s days of the present billing period are unused, so %(num)s/%(of_days)s of %(full)s "
            "(%(seats)s) is credited: %(result)s.",
            charge.days, of_days=charge.of_days, full=shown(charge.full), seats=seats, result=result,
        )  # fmt: skip
    return words.ngettext(
        "A whole billing period costs %(full)s less from now on; %(num)s of %(of_days)s days of the present one is "
        "left, so %(num)s/%(of_days)s of that is credited: %(result)s.",
        "A whole billing period costs %(full)s less from now on; %(num)s of %(of_days)s days of the present one are "
        "left, so %(num)s/%(of_days)s of that is credited: %(result)s.",
        charge.days, of_days=charge.of_days, full=shown(charge.full), result=result,
    )  # fmt: skip
