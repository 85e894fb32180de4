"""The table of moves is monotone."""

from billing_core.payments.states import (
    CANCELLED,
    EXPIRED,
    FAILED,
    HOLDING,
    NEEDS_REVIEW,
    PAYMENT,
    SUCCEEDED,
    UNDER_WAY,
)

GIVEN_UP = (FAILED, EXPIRED, CANCELLED)


def test_nothing_leaves_the_end() -> None:
    assert not [pair for pair in PAYMENT.moves if pair[0] in (SUCCEEDED, NEEDS_REVIEW)]


def test_money_is_booked_from_every_other_state() -> None:
    for state in (*UNDER_WAY, *GIVEN_UP):
        assert PAYMENT.after(state, "succeed") == SUCCEEDED
        assert PAYMENT.after(state, "review") == NEEDS_REVIEW


def test_what_was_given_up_never_opens_again() -> None:
    assert not [to for (state, _), to in PAYMENT.moves.items() if state in GIVEN_UP and to in UNDER_WAY]


def test_every_state_is_of_one_kind() -> None:
    assert sorted({*HOLDING, *GIVEN_UP, SUCCEEDED}) == sorted(PAYMENT.states)
