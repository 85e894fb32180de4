"""Days at the processor: keys that are forgotten, and webhooks that come days later."""

import json
import time

import pytest

from tests.stripe_sandbox.till import Till

DAY = 24 * 60 * 60


def sessions(till: Till) -> int:
    return len(till.client.v1.checkout.sessions.list().data)


def test_keys_older_than_a_moment_are_forgotten_and_younger_ones_kept(till: Till) -> None:
    old = till.open(key="old")
    till.ahead = 3600
    young = till.open(key="young")
    assert till.sandbox.faults.prune_keys(time.time() + 1800) == 1
    assert till.open(key="young").id == young.id
    assert till.open(key="old").id != old.id
    assert sessions(till) == 3


def test_all_keys_are_forgotten_at_once(till: Till) -> None:
    first = till.open(key="k1")
    assert till.sandbox.faults.prune_keys() == 1
    assert till.open(12000, key="k1").id != first.id, "other parameters are a new call as well"
    assert till.sandbox.faults.prune_keys() == 1
    assert till.sandbox.faults.prune_keys() == 0


def test_a_key_is_forgotten_by_age_alone(till: Till) -> None:
    first = till.open(key="k1")
    till.ahead = DAY + 60
    assert till.open(key="k1").id != first.id


def delivered(till: Till) -> list[str]:
    told: list[str] = []

    def post(body: bytes, _signature: str) -> int:
        told.append(json.loads(body)["type"])
        return 200

    till.sandbox.deliver_due(post)
    return told


@pytest.mark.parametrize(("kept", "back"), [("charge.*", ["charge.succeeded"]), ("payment_intent.succeeded", None)])
def test_webhooks_of_a_kind_are_kept_back_for_days(till: Till, kept: str, back: list[str] | None) -> None:
    till.sandbox.faults.keep_webhooks_back(3, kept)
    till.pay(till.open())
    back = back or [kept]
    first = delivered(till)
    assert first
    assert not set(back) & set(first)
    till.ahead = 3 * DAY - 60
    assert delivered(till) == []
    till.ahead = 3 * DAY + 60
    assert delivered(till) == back


def test_kept_back_lasts_until_it_is_cleared_and_leaves_other_faults_alone(till: Till) -> None:
    till.sandbox.faults.keep_webhooks_back(2)
    till.sandbox.faults.duplicate_webhook("checkout.session.completed")
    till.pay(till.open())
    assert delivered(till) == []
    till.sandbox.faults.clear()
    till.pay(till.open())
    assert "checkout.session.completed" in delivered(till)
    till.ahead = 2 * DAY + 60
    assert delivered(till).count("checkout.session.completed") == 2
