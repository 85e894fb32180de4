"""The table of moves is monotone."""

from billing_core.payments.states import (
    CANCELLED,
    CLOSED,
    EXPIRED,
    FAILED,
    GIVEN_BACK,
    HOLDING,
    NEEDS_REVIEW,
    PAYMENT,
    SUCCEEDED,
    UNDER_WAY,
)

GIVEN_UP = (FAILED, EXPIRED, CANCELLED)


def test_nothing_leaves_the_end() -> None:
    assert not [pair for pair in PAYMENT.moves if pair[0] in (SUCCEEDED, CLOSED)]


def test_what_was_set_aside_leaves_only_by_a_decision() -> None:
    decided = {event: to for (state, event), to in PAYMENT.moves.items() if state == NEEDS_REVIEW}
    assert decided == {"take_in": SUCCEEDED, "give_back": GIVEN_BACK, "close": CLOSED}
    assert [pair for pair in PAYMENT.moves if pair[0] == GIVEN_BACK] == [(GIVEN_BACK, "review")]


def test_money_is_booked_from_every_other_state() -> None:
    for state in (*UNDER_WAY, *GIVEN_UP):
        assert PAYMENT.after(state, "succeed") == SUCCEEDED
        assert PAYMENT.after(state, "review") == NEEDS_REVIEW


def test_what_was_given_up_never_opens_again() -> None:
    assert not [to for (state, _), to in PAYMENT.moves.items() if state in GIVEN_UP and to in UNDER_WAY]


def test_every_state_is_of_one_kind() -> None:
    assert sorted({*HOLDING, *GIVEN_UP, SUCCEEDED, GIVEN_BACK, CLOSED}) == sorted(PAYMENT.states)
