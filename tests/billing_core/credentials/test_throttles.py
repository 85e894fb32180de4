from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import db
from billing_core.credentials import throttles
from billing_core.credentials.models import Throttle
from tests.conftest import Database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def knocks(rule: throttles.Growing | throttles.Window, subject: str, times: int) -> list[timedelta]:
    return [db.perform(throttles.knock, rule, subject) for _ in range(times)]


def test_after_five_failures_the_pause_grows_up_to_an_hour_and_ends_by_itself(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert knocks(throttles.SIGN_IN, "anna", 5) == [timedelta()] * 5
        pauses = []
        for _ in range(9):
            (wait,) = knocks(throttles.SIGN_IN, "anna", 1)
            pauses.append(wait)
            clock.shift(wait - timedelta(microseconds=1))
            assert knocks(throttles.SIGN_IN, "anna", 1) == [timedelta(microseconds=1)]
            clock.shift(timedelta(microseconds=1))
            assert knocks(throttles.SIGN_IN, "anna", 1) == [timedelta()]
        assert [pause.total_seconds() for pause in pauses] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        assert knocks(throttles.SIGN_IN, "berta", 1) == [timedelta()]


def test_failures_are_forgotten_after_a_day(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        knocks(throttles.SIGN_IN, "anna", 4)
        clock.shift(timedelta(hours=24))
        assert knocks(throttles.SIGN_IN, "anna", 5) == [timedelta()] * 5


def test_a_window_ends_with_its_span_and_a_success_takes_its_knock_back(database: Database) -> None:
    rule = throttles.SIGN_IN_ADDRESS
    with time_machine.travel(NOON, tick=False) as clock:
        assert knocks(rule, "10.0.0.1", 20) == [timedelta()] * 20
        assert knocks(rule, "10.0.0.1", 1) == [timedelta(minutes=10)]
        db.perform(throttles.take_back, rule, "10.0.0.1")
        assert knocks(rule, "10.0.0.1", 2) == [timedelta(), timedelta(minutes=10)]
        clock.shift(timedelta(minutes=10))
        assert knocks(rule, "10.0.0.1", 20) == [timedelta()] * 20


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("evil, 10.0.0.1", "unknown"),
    ],
)
def test_an_address_stands_for_its_customer(address: str, network: str) -> None:
    assert throttles.network_of(address) == network


def test_what_was_typed_is_not_kept(database: Database) -> None:
    knocks(throttles.SIGN_IN, "user-id:my secret password in the wrong field", 1)
    with db.reading() as session:
        (key,) = session.scalars(select(Throttle.key))
    assert "secret" not in key
    assert len(key) <= 200
