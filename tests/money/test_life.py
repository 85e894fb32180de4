"""Money in any order of deeds, messages, faults, crashes and restarts: I1, I4, I5 and I9 hold after each step.

`bin/prove money` lives through many more lives, each database in turn.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from billing_core.ledger import incoming, service
from billing_core.payments import beginning
from tests import conftest
from tests.conftest import Database
from tests.money.life import MoneyLife


def live(database: Database, lives: int, steps: int, **more: Any) -> None:
    """So many lives of so many steps."""
    chosen: dict[str, Any] = {
        "max_examples": lives, "stateful_step_count": steps, "deadline": None, "database": None,
        "suppress_health_check": list(HealthCheck), "derandomize": True,
    }  # fmt: skip
    MoneyLife.database = database
    run_state_machine_as_test(MoneyLife, settings=settings(**(chosen | more)))


def test_any_order_of_deeds(database: Database) -> None:
    live(database, lives=4, steps=30)


@pytest.mark.prove
@pytest.mark.parametrize("round_", range(10))
def test_money_in_very_many_lives(database: Database, round_: int) -> None:
    live(database, lives=10, steps=50, derandomize=False, print_blob=True)


def hold_nothing(patch: pytest.MonkeyPatch) -> None:
    """Open attempts hold nothing: whatever is not booked yet can be paid."""
    patch.setattr(beginning, "held_on_each", lambda invoice_ids: dict.fromkeys(invoice_ids, 0))


def lose_the_rest(patch: pytest.MonkeyPatch) -> None:
    """What no invoice takes is not kept as credit."""
    patch.setattr(service, "leave_as_credit", lambda *_: None)
    patch.setattr(incoming, "leave_as_credit", lambda *_: None)


def live_once(database: Database, *, rich: bool) -> None:
    """A short life: too much may come by bank, two contacts pay all that is open; then all calms down."""
    MoneyLife.database = database
    life = MoneyLife()
    try:
        life.begin(currency="EUR", at=0, part=1, card="pm_card_visa", rich=rich)
        for who in (0, 1):
            life.press_pay_all(who)
            life.enter_card(0, "pm_card_visa")
        life.the_laws_hold()
    finally:
        life.teardown()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("leave_out", "rich"), [(hold_nothing, False), (lose_the_rest, True)])
def test_the_control_without_a_guard_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch, leave_out: Callable[[pytest.MonkeyPatch], None], rich: bool
) -> None:
    live_once(database, rich=rich)
    leave_out(monkeypatch)
    with pytest.raises(AssertionError):
        live_once(database, rich=rich)
    conftest.empty()
