"""No money is made or lost over any sequence of changes and renewals.

The law: after every step, what was paid less what was credited is the value of the days that were used plus that of
the rest of the present period, within half a smallest unit for each rounded line. The value of a day is the running
value that was paid, divided by the days of its period: exact fractions and a calendar of our own, no code of the rule.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from billing_core import money
from billing_core.subscriptions.proration import Change, Running, Wanted, change, new_period, next_period

Rule = Callable[[Running, Wanted, date], Change]
HALF = Fraction(1, 2)


def month_later(day: date, months: int, anchor: int) -> date:
    """The calendar of the reference: counted month by month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(anchor, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Step:
    """Some days go by, and then somebody wants something else."""

    days: int
    wanted: Wanted
    renewal_is_paid: bool


@dataclass
class Life:
    """One subscription and its books: `taken` is what was charged less what was credited, `used` what that bought."""

    rule: Rule
    running: Running
    today: date
    taken: int = 0
    used: Fraction = Fraction(0)
    rounded: int = 0
    starts: list[date] = field(default_factory=list)

    @property
    def value(self) -> int:
        """What was paid for the present period, as far as it was not given back."""
        return self.running.seats * self.running.unit_price if self.running.is_paid else 0

    @property
    def length(self) -> int:
        return (self.running.period_end - self.running.period_start).days

    def let_pass(self, days: int, renewal_is_paid: bool) -> None:
        """Use the days; where the period ends, the next one begins at the same price."""
        while days:
            some = min(days, (self.running.period_end - self.today).days)
            self.used += Fraction(self.value * some, self.length)
            self.today += timedelta(days=some)
            days -= some
            if self.today == self.running.period_end:
                self._renew(renewal_is_paid)

    def _renew(self, is_paid: bool) -> None:
        now, months = self.running, 12 if self.running.frequency == "yearly" else 1
        end = month_later(now.period_end, months, now.anchor_day)
        assert next_period(now.period_end, now.frequency, now.anchor_day) == end
        self.running = replace(now, period_start=now.period_end, period_end=end, is_paid=is_paid)
        self.taken += self.value

    def ask_for(self, wanted: Wanted) -> Change:
        """Apply the change, and check what it says about the period by what domain.md says."""
        before, found = self.running, self.rule(self.running, wanted, self.today)
        price = before.seats * before.unit_price
        restarts = wanted.frequency != before.frequency or wanted.seats * wanted.unit_price > price
        start, end, anchor = before.period_start, before.period_end, before.anchor_day
        if restarts:
            start, anchor = self.today, self.today.day
            end = month_later(start, 12 if wanted.frequency == "yearly" else 1, anchor)
        assert (found.restarts, found.period_start, found.period_end, found.anchor_day) == (
            restarts,
            start,
            end,
            anchor,
        )
        is_paid = before.is_paid or restarts
        self.running = Running(
            wanted.tier, wanted.seats, wanted.frequency, wanted.unit_price, start, end, anchor, is_paid
        )
        self.taken += found.net
        self.rounded += sum(charge.kind != "new_period" for charge in found.charges)
        return found

    def check(self) -> None:
        """The law."""
        rest = Fraction(self.value * (self.running.period_end - self.today).days, self.length)
        assert abs(self.taken - self.used - rest) <= HALF * self.rounded


def begin(rule: Rule, first: Wanted, on: date) -> Life:
    bought = new_period(first, on)
    assert bought.net == first.seats * first.unit_price
    end = month_later(on, 12 if first.frequency == "yearly" else 1, on.day)
    assert (bought.period_start, bought.period_end, bought.anchor_day) == (on, end, on.day)
    running = Running(first.tier, first.seats, first.frequency, first.unit_price, on, end, on.day, is_paid=True)
    return Life(rule, running, on, taken=bought.net)


days = st.dates(date(2024, 1, 1), date(2032, 12, 31))
wishes = st.builds(
    Wanted, st.sampled_from(["Starter", "Pro"]), st.integers(1, 40), st.sampled_from(["monthly", "monthly", "yearly"]),
    st.one_of(st.integers(0, 20), st.integers(0, 99_999)),
)  # fmt: skip
steps = st.builds(Step, st.one_of(st.integers(0, 3), st.integers(0, 400)), wishes, st.sampled_from([True, True, False]))
lives = st.tuples(days, wishes, st.lists(steps, min_size=1, max_size=8))


def live(rule: Rule, on: date, first: Wanted, path: list[Step]) -> Life:
    life = begin(rule, first, on)
    for step in path:
        life.let_pass(step.days, step.renewal_is_paid)
        life.check()
        life.ask_for(step.wanted)
        life.check()
    return life


@given(lives)
def test_what_was_paid_is_what_was_used_and_what_is_left(drawn: tuple[date, Wanted, list[Step]]) -> None:
    live(change, *drawn)


@given(days, wishes, st.integers(0, 365), wishes)
def test_lines_are_the_exact_amounts_rounded_once_and_a_preview_is_the_charge(
    on: date, first: Wanted, later: int, wanted: Wanted
) -> None:
    life = begin(change, first, on)
    life.let_pass(later, True)
    before = life.running
    preview, charge = change(before, wanted, life.today), life.ask_for(wanted)
    assert preview == charge
    assert charge.net == sum(line.amount for line in charge.charges)
    left = Fraction((before.period_end - life.today).days, (before.period_end - before.period_start).days)
    full = before.seats * before.unit_price
    exact = {"new_period": Fraction(wanted.seats * wanted.unit_price), "unused": -left * full,
             "reduction": -left * (full - wanted.seats * wanted.unit_price)}  # fmt: skip
    for line in charge.charges:
        assert abs(line.amount - exact[line.kind]) <= HALF
        assert line.is_exact == (line.amount == exact[line.kind])
        assert (line.amount >= 0) == (line.kind == "new_period") or line.amount == 0


@given(days, st.integers(0, 364), st.integers(2, 40), st.integers(1, 99_999), st.data())
def test_lowering_seat_by_seat_credits_what_lowering_at_once_does(
    on: date, later: int, seats: int, price: int, data: st.DataObject
) -> None:
    """Within half a unit a line; and never more than the rest of the period is worth, but for that."""
    running = begin(change, Wanted("", seats, "yearly", price), on).running
    day = on + timedelta(days=later)
    levels = sorted(data.draw(st.sets(st.integers(1, seats - 1), min_size=1, max_size=6)), reverse=True)
    credited = 0
    for level in levels:
        found = change(running, Wanted("", level, "yearly", price), day)
        assert not found.restarts
        assert found.net <= 0
        credited -= found.net
        running = replace(running, seats=level)
    worth = Fraction((running.period_end - day).days, (running.period_end - running.period_start).days)
    at_once = (seats - levels[-1]) * price * worth
    assert abs(credited - at_once) <= HALF * len(levels)
    assert credited <= seats * price * worth + HALF * len(levels)


@given(days, st.integers(0, 27), wishes, st.integers(1, 40))
def test_up_and_down_again_on_one_day_leaves_no_gain(on: date, later: int, first: Wanted, more: int) -> None:
    """A raise credits what is unused and begins a whole period, so the way back credits all of the difference."""
    life = begin(change, first, on)
    life.let_pass(later, True)
    up = life.ask_for(replace(first, seats=first.seats + more))
    down = life.ask_for(first)
    assert down.net == -more * first.unit_price
    assert up.net + down.net >= 0
    life.check()


@given(days, st.sampled_from(["monthly", "yearly"]))
def test_anchor_days_are_kept_for_ten_years(on: date, frequency: str) -> None:
    months = 12 if frequency == "yearly" else 1
    end = new_period(Wanted("", 1, frequency, 1), on).period_end
    for number in range(1, 120 // months + 1):
        assert end == month_later(on, number * months, on.day)
        assert end.day == min(on.day, monthrange(end.year, end.month)[1])
        end = next_period(end, frequency, on.day)


def truncating(running: Running, wanted: Wanted, on: date) -> Change:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(money, "share", lambda amount, part, whole: amount * part // whole)
        return change(running, wanted, on)


def a_day_late(running: Running, wanted: Wanted, on: date) -> Change:
    """The day of the change counts as used."""
    found = change(running, wanted, on)
    late = [
        replace(line, amount=-money.share(line.full, line.days - 1, line.of_days)) if line.amount < 0 else line
        for line in found.charges
    ]
    return replace(found, charges=tuple(late))


def by_thirty_days(running: Running, wanted: Wanted, on: date) -> Change:
    """Every month has 30 days."""
    found = change(running, wanted, on)
    thirtieths = [
        replace(line, amount=-money.share(line.full, line.days, 30)) if line.of_days < 32 and line.amount < 0 else line
        for line in found.charges
    ]
    return replace(found, charges=tuple(thirtieths))


def generous(running: Running, wanted: Wanted, on: date) -> Change:
    """Credits what was not paid."""
    return change(replace(running, is_paid=True), wanted, on)


def at_the_new_price(running: Running, wanted: Wanted, on: date) -> Change:
    """The unused part is valued at today's price and not at what was billed."""
    found = change(running, wanted, on)
    today = [
        replace(line, amount=-money.share(line.seats * wanted.unit_price, line.days, line.of_days))
        if line.kind == "unused"
        else line
        for line in found.charges
    ]
    return replace(found, charges=tuple(today))


def forgetful(running: Running, wanted: Wanted, on: date) -> Change:
    """A restart keeps the old anchor day."""
    return replace(change(running, wanted, on), anchor_day=running.anchor_day)


def law_for(rule: Rule) -> Callable[[], None]:
    """The same lives each time, so that a control never depends on luck."""

    @settings(database=None, derandomize=True, max_examples=150, phases=[Phase.generate])
    @given(lives)
    def law(drawn: tuple[date, Wanted, list[Step]]) -> None:
        live(rule, *drawn)

    return law


@pytest.mark.parametrize("wrong", [truncating, a_day_late, by_thirty_days, generous, at_the_new_price, forgetful])
def test_control_a_wrong_rule_breaks_the_law(wrong: Rule) -> None:
    with pytest.raises(AssertionError):
        law_for(wrong)()


def test_control_the_same_lives_keep_the_law_with_the_right_rule() -> None:
    law_for(change)()
