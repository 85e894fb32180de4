"""Money in any order of deeds, messages, faults, crashes and restarts: I1, I4, I5 and I9 hold after each step.

`bin/prove money` lives through many more lives, each database in turn.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
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


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("leave_out", [hold_nothing, lose_the_rest])
def test_the_control_without_a_guard_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch, leave_out: Callable[[pytest.MonkeyPatch], None]
) -> None:
    leave_out(monkeypatch)
    with pytest.raises(AssertionError):
        live(database, lives=200, steps=10, phases=[Phase.generate], report_multiple_bugs=False)
    conftest.empty()
