"""What a change costs: the worked examples of domain.md 6 and the edges. Expected values are written out."""

from datetime import date

import pytest

from billing_core import money, words
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.calculation import AmountTooLarge
from billing_core.subscriptions.proration import (
    Change,
    Charge,
    Running,
    Wanted,
    anchor_of,
    change,
    new_period,
    next_period,
    words_of,
)
from billing_core.subscriptions.refusals import ChangeOutsidePeriod, NoSeats

Day = tuple[int, int, int]


def runs(
    seats: int = 5, price: int = 1000, start: Day = (2026, 6, 1), end: Day = (2026, 7, 1), frequency: str = "monthly",
    tier: str = "Pro", is_paid: bool = True,
) -> Running:  # fmt: skip
    first, after = date(*start), date(*end)
    return Running(tier, seats, frequency, price, first, after, anchor_of(first, after), is_paid)


def wants(seats: int = 5, price: int = 1000, frequency: str = "monthly", tier: str = "Pro") -> Wanted:
    return Wanted(tier, seats, frequency, price)


def lines(found: Change) -> list[tuple[str, int, int, int]]:
    return [(charge.kind, charge.days, charge.of_days, charge.amount) for charge in found.charges]


def period(found: Change) -> tuple[str, str]:
    return found.period_start.isoformat(), found.period_end.isoformat()


def test_a_sixth_seat_in_the_middle_of_june_costs_35() -> None:
    found = change(runs(), wants(seats=6), date(2026, 6, 16))
    assert lines(found) == [("new_period", 30, 30, 6000), ("unused", 15, 30, -2500)]
    assert found.net == 3500
    assert found.restarts
    assert period(found) == ("2026-06-16", "2026-07-16")
    assert found.anchor_day == 16


def test_one_seat_less_credits_5_and_keeps_the_period_and_two_more_then_cost_46_67() -> None:
    fewer = change(runs(), wants(seats=4), date(2026, 6, 16))
    assert lines(fewer) == [("reduction", 15, 30, -500)]
    assert (fewer.net, fewer.restarts, fewer.anchor_day) == (-500, False, 1)
    assert period(fewer) == ("2026-06-01", "2026-07-01")
    more = change(runs(seats=4), wants(seats=6), date(2026, 6, 21))
    assert lines(more) == [("new_period", 30, 30, 6000), ("unused", 10, 30, -1333)]
    assert more.net == 4667
    assert period(more) == ("2026-06-21", "2026-07-21")


@pytest.mark.parametrize("wanted", [wants(), wants(seats=10, price=500, tier="Starter")])
def test_an_equal_price_keeps_the_period_and_charges_nothing(wanted: Wanted) -> None:
    found = change(runs(), wanted, date(2026, 6, 16))
    assert found == Change((), False, date(2026, 6, 1), date(2026, 7, 1), 1)
    assert found.net == 0


@pytest.mark.parametrize(
    ("running", "wanted", "seats", "unit_price", "amount"),
    [
        (runs(), wants(seats=3), 2, 1000, -1000),
        (runs(), wants(price=800, tier="Starter"), 5, 200, -500),
        (runs(), wants(seats=6, price=800, tier="Starter"), 1, 200, -100),
    ],
)
def test_a_reduction_is_the_fraction_of_the_difference_however_it_came_about(
    running: Running, wanted: Wanted, seats: int, unit_price: int, amount: int
) -> None:
    assert change(running, wanted, date(2026, 6, 16)).charges == (
        Charge("reduction", 15, 30, seats, unit_price, amount),
    )


def test_monthly_to_yearly_begins_a_year_today() -> None:
    found = change(runs(), wants(price=10000, frequency="yearly"), date(2026, 6, 16))
    assert lines(found) == [("new_period", 365, 365, 50000), ("unused", 15, 30, -2500)]
    assert period(found) == ("2026-06-16", "2027-06-16")


def test_yearly_to_monthly_restarts_too_though_it_is_cheaper_and_credits_the_rest() -> None:
    yearly = runs(price=10000, start=(2026, 1, 1), end=(2027, 1, 1), frequency="yearly")
    found = change(yearly, wants(), date(2026, 6, 16))
    assert lines(found) == [("new_period", 30, 30, 5000), ("unused", 199, 365, -27260)]
    assert (found.restarts, found.net) == (True, -22260)
    assert period(found) == ("2026-06-16", "2026-07-16")


def test_another_frequency_restarts_even_at_the_same_price() -> None:
    found = change(runs(), wants(frequency="yearly"), date(2026, 6, 1))
    assert lines(found) == [("new_period", 365, 365, 5000), ("unused", 30, 30, -5000)]
    assert found.net == 0


def test_the_first_day_of_the_period_is_unused_and_so_is_the_last_one() -> None:
    assert lines(change(runs(), wants(seats=6), date(2026, 6, 1)))[1] == ("unused", 30, 30, -5000)
    assert lines(change(runs(), wants(seats=6), date(2026, 6, 30)))[1] == ("unused", 1, 30, -167)
    assert lines(change(runs(), wants(seats=4), date(2026, 6, 30))) == [("reduction", 1, 30, -33)]


def test_a_second_raise_on_the_same_day_costs_its_difference_and_a_lowering_gives_it_back() -> None:
    again = change(runs(seats=6, start=(2026, 6, 16), end=(2026, 7, 16)), wants(seats=8), date(2026, 6, 16))
    assert lines(again) == [("new_period", 30, 30, 8000), ("unused", 30, 30, -6000)]
    assert period(again) == ("2026-06-16", "2026-07-16")
    back = change(runs(seats=8, start=(2026, 6, 16), end=(2026, 7, 16)), wants(seats=6), date(2026, 6, 16))
    assert lines(back) == [("reduction", 30, 30, -2000)]


@pytest.mark.parametrize("day", [(2026, 5, 31), (2026, 7, 1), (2027, 6, 16)])
def test_a_day_outside_the_period_is_refused(day: Day) -> None:
    with pytest.raises(ChangeOutsidePeriod) as refused:
        change(runs(), wants(seats=6), date(*day))
    assert words.sentence(refused.value).startswith(
        "The present billing period goes from 1 June 2026 to 30 June 2026; "
    )
    with words.in_language("de"):
        assert "vom 1. Juni 2026 bis zum 30. Juni 2026" in words.sentence(refused.value)


@pytest.mark.parametrize(
    ("running", "wanted", "refusal"),
    [
        (runs(), wants(seats=0), NoSeats),
        (runs(), wants(seats=-1), NoSeats),
        (runs(seats=0), wants(), NoSeats),
        (runs(), wants(frequency="once"), Invalid),
        (runs(), wants(price=-1), Invalid),
        (runs(), wants(price=money.LARGEST), AmountTooLarge),
        (runs(price=money.LARGEST), wants(), AmountTooLarge),
    ],
)
def test_what_no_form_offers_is_refused(running: Running, wanted: Wanted, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        change(running, wanted, date(2026, 6, 16))


def test_nothing_is_credited_for_a_period_that_was_not_paid() -> None:
    dearer = change(runs(is_paid=False), wants(seats=6), date(2026, 6, 16))
    assert lines(dearer) == [("new_period", 30, 30, 6000)]
    assert period(dearer) == ("2026-06-16", "2026-07-16")
    cheaper = change(runs(is_paid=False), wants(seats=4), date(2026, 6, 16))
    assert (cheaper.charges, cheaper.restarts, period(cheaper)) == ((), False, ("2026-06-01", "2026-07-01"))


def test_who_subscribes_in_a_trial_pays_a_whole_period_from_today() -> None:
    found = new_period(wants(), date(2026, 6, 16))
    assert lines(found) == [("new_period", 30, 30, 5000)]
    assert (found.restarts, period(found), found.anchor_day) == (True, ("2026-06-16", "2026-07-16"), 16)
    trial = runs(price=0, start=(2026, 6, 5), end=(2026, 7, 5), is_paid=False)
    assert change(trial, wants(), date(2026, 6, 16)) == found


@pytest.mark.parametrize(
    ("running", "on", "days", "of_days", "amount"),
    [
        (runs(start=(2026, 1, 31), end=(2026, 2, 28)), (2026, 2, 14), 14, 28, -2500),
        (runs(start=(2026, 2, 28), end=(2026, 3, 31)), (2026, 3, 30), 1, 31, -161),
        (runs(start=(2028, 1, 31), end=(2028, 2, 29)), (2028, 2, 28), 1, 29, -172),
        (runs(start=(2028, 2, 29), end=(2028, 3, 31)), (2028, 2, 29), 31, 31, -5000),
        (runs(start=(2028, 1, 1), end=(2029, 1, 1), frequency="yearly"), (2028, 2, 29), 307, 366, -4194),
        (runs(start=(2027, 1, 1), end=(2028, 1, 1), frequency="yearly"), (2027, 3, 1), 306, 365, -4192),
    ],
)
def test_short_months_and_leap_years_count_their_own_days(
    running: Running, on: Day, days: int, of_days: int, amount: int
) -> None:
    found = change(running, wants(seats=9, frequency=running.frequency), date(*on))
    assert lines(found)[1] == ("unused", days, of_days, amount)


@pytest.mark.parametrize(
    ("on", "frequency", "starts"),
    [
        ((2026, 1, 31), "monthly", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ((2028, 1, 31), "monthly", ["2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]),
        ((2026, 1, 30), "monthly", ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]),
        ((2026, 12, 15), "monthly", ["2027-01-15", "2027-02-15", "2027-03-15", "2027-04-15"]),
        ((2028, 2, 29), "yearly", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
    ],
)
def test_periods_keep_the_anchor_day_of_the_change(on: Day, frequency: str, starts: list[str]) -> None:
    begun = new_period(wants(frequency=frequency), date(*on))
    assert begun.anchor_day == on[2]
    day, found = begun.period_end, [begun.period_end.isoformat()]
    for _ in starts[1:]:
        day = next_period(day, frequency, begun.anchor_day)
        found.append(day.isoformat())
    assert found == starts


@pytest.mark.parametrize(
    ("start", "end", "anchor"),
    [((2026, 1, 31), (2026, 2, 28), 31), ((2026, 2, 28), (2026, 3, 31), 31), ((2026, 6, 1), (2026, 7, 1), 1)],
)
def test_one_period_tells_the_anchor_day(start: Day, end: Day, anchor: int) -> None:
    assert anchor_of(date(*start), date(*end)) == anchor


def test_half_a_unit_is_credited_as_a_whole_one() -> None:
    """15/30 of 0.01 is half a cent: half up in size, charge and credit alike, so that both undo each other."""
    assert change(runs(seats=2, price=1), wants(seats=1, price=1), date(2026, 6, 16)).net == -1
    assert change(runs(seats=2, price=1), wants(seats=1, price=1), date(2026, 6, 17)).net == 0


def test_sentences_tell_days_fraction_and_rounding_in_both_languages() -> None:
    whole, rounded = change(runs(seats=4), wants(seats=6), date(2026, 6, 21)).charges
    assert words_of(whole, "EUR") == "A new billing period of 30 days is charged in full: €60.00 (6 seats at €10.00)."
    assert words_of(rounded, "EUR", seat_kind="organizer") == (
        "10 of 30 days of the present billing period are unused, so 10/30 of €40.00 (4 organizers at €10.00) is "
        "credited: €13.33, rounded to the nearest €0.01."
    )
    (exact,) = change(runs(), wants(seats=4), date(2026, 6, 16)).charges
    assert words_of(exact, "EUR") == (
        "A whole billing period costs €10.00 less from now on; 15 of 30 days of the present one are left, so 15/30 of "
        "that is credited: exactly €5.00."
    )
    assert words_of(exact, "EUR", "de").replace("\u00a0", " ") == (
        "Ein ganzer Abrechnungszeitraum kostet ab jetzt 10,00 € weniger; 15 von 30 Tagen des laufenden sind übrig, "
        "daher werden 15/30 davon gutgeschrieben: genau 5,00 €."
    )


def test_sentences_of_the_last_day_and_of_one_seat_are_in_the_singular() -> None:
    whole, last = change(runs(seats=1), wants(seats=1, price=1100), date(2026, 6, 30)).charges
    assert "(1 seat at €11.00)" in words_of(whole, "EUR")
    assert words_of(last, "EUR").startswith("1 of 30 days of the present billing period is unused, so 1/30 of €10.00 (")
    with words.in_language("de"):
        assert "(1 Platz zu" in words_of(whole, "EUR")
        assert words_of(last, "EUR").startswith("1 von 30 Tagen des laufenden Abrechnungszeitraums ist ungenutzt")


@pytest.mark.parametrize(
    ("currency", "sentence"),
    [("JPY", "credited: ¥1,333, rounded to the nearest ¥1."),
     ("KWD", "credited: KWD\u00a01.333, rounded to the nearest KWD\u00a00.001.")],
)  # fmt: skip
def test_a_currency_is_rounded_to_its_own_smallest_unit(currency: str, sentence: str) -> None:
    charge = change(runs(seats=4), wants(seats=6), date(2026, 6, 21)).charges[1]
    assert words_of(charge, currency).endswith(sentence)
