"""Misbehaviour on demand, seen from the SDK."""

import json

import pytest
import stripe

from stripe_sandbox import Fault
from tests.stripe_sandbox.till import Till, replayed

CREATE = "checkout.sessions.create"


def count(till: Till) -> int:
    return len(till.client.v1.checkout.sessions.list().data)


def test_a_time_out_before_the_effect(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.TIMES_OUT_BEFORE)
    with pytest.raises(stripe.APIConnectionError) as failed:
        till.open(key="k1")
    assert failed.value.should_retry
    assert count(till) == 0
    till.open(key="k1")
    assert count(till) == 1


def test_a_time_out_after_the_effect_is_healed_by_the_key(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.TIMES_OUT_AFTER)
    with pytest.raises(stripe.APIConnectionError):
        till.open(key="k1")
    assert count(till) == 1
    again = till.open(key="k1")
    assert count(till) == 1
    assert replayed(again)


@pytest.mark.parametrize(("fault", "effects"), [(Fault.SERVER_ERROR_BEFORE, 0), (Fault.SERVER_ERROR_AFTER, 1)])
def test_a_500_lies_under_its_key(till: Till, fault: Fault, effects: int) -> None:
    till.sandbox.faults.next_call(CREATE, fault)
    for _ in range(3):
        with pytest.raises(stripe.APIError) as failed:
            till.open(key="k1")
        assert failed.value.http_status == 500
        assert failed.value.error is not None
        assert failed.value.error.type == "api_error"
    assert count(till) == effects
    till.open(key="k2")
    assert count(till) == effects + 1


def test_a_rate_limit_leaves_the_key_free(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.RATE_LIMITED, times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            till.open(key="k1")
    till.open(key="k1")
    assert count(till) == 1


def test_a_conflict_leaves_the_key_free(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.IN_CONFLICT)
    with pytest.raises(stripe.APIError) as failed:
        till.open(key="k1")
    assert failed.value.error is not None
    assert (failed.value.http_status, failed.value.error.code) == (409, "idempotency_key_in_use")
    assert count(till) == 0
    assert not replayed(till.open(key="k1"))


def test_a_torn_answer_is_no_answer_and_is_healed_by_the_key(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.CUT_OFF)
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        till.open(key="k1")
    assert count(till) == 1
    assert replayed(till.open(key="k1"))
    assert count(till) == 1


@pytest.mark.parametrize(
    "fault", [Fault.TIMES_OUT_AFTER, Fault.CUT_OFF, Fault.SERVER_ERROR_BEFORE, Fault.SERVER_ERROR_AFTER]
)
def test_an_answer_that_lies_under_its_key_can_be_lost_and_stays(till: Till, fault: Fault) -> None:
    session = till.open(key="k1")
    till.sandbox.faults.next_call(CREATE, fault)
    with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
        till.open(key="k1")
    assert till.open(key="k1").id == session.id
    assert count(till) == 1


def test_a_caller_that_gives_up_meets_its_own_call_at_work(till: Till) -> None:
    over = till.sandbox.http_client(timeout=0.1)
    hasty = stripe.StripeClient("sk_test_till", http_client=over, max_network_retries=0)
    till.sandbox.faults.next_call(CREATE, Fault.SLOW, seconds=0.5)
    with pytest.raises(stripe.APIConnectionError):
        hasty.v1.checkout.sessions.create(till.params(), {"idempotency_key": "k1"})
    with pytest.raises(stripe.APIError) as busy:
        till.open(key="k1")
    assert busy.value.error is not None
    assert busy.value.error.code == "idempotency_key_in_use"
    over.close()
    assert replayed(hasty.v1.checkout.sessions.create(till.params(), {"idempotency_key": "k1"}))
    assert count(till) == 1


def test_a_fault_of_any_call_strikes_the_next_one(till: Till) -> None:
    till.sandbox.faults.next_call("*", Fault.TIMES_OUT_BEFORE)
    till.sandbox.faults.next_call("*", Fault.RATE_LIMITED)
    with pytest.raises(stripe.APIConnectionError):
        till.open()
    with pytest.raises(stripe.RateLimitError):
        count(till)
    assert count(till) == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TIMES_OUT_BEFORE, stripe.APIConnectionError),
        (Fault.TIMES_OUT_AFTER, stripe.APIConnectionError),
        (Fault.SERVER_ERROR_BEFORE, stripe.APIError),
        (Fault.RATE_LIMITED, stripe.RateLimitError),
        (Fault.CUT_OFF, stripe.APIError),
    ],
)
def test_reading_can_fail_too(till: Till, fault: Fault, error: type[Exception]) -> None:
    session = till.open()
    till.sandbox.faults.next_call("checkout.sessions.retrieve", fault)
    with pytest.raises(error):
        till.client.v1.checkout.sessions.retrieve(session.id)
    assert till.client.v1.checkout.sessions.retrieve(session.id).id == session.id


def test_a_fault_strikes_its_own_call_only_and_in_other_processes_too(till: Till) -> None:
    Till(till.path).sandbox.faults.next_call("refunds.create", Fault.SERVER_ERROR_BEFORE)
    till.open()
    assert till.sandbox.faults.waiting() == [("refunds.create", "server_error_before", 1)]
    with pytest.raises(stripe.APIError):
        till.client.v1.refunds.create({"payment_intent": "pi_any"})
    assert till.sandbox.faults.waiting() == []


def test_faults_can_be_cleared_and_are_checked(till: Till) -> None:
    till.sandbox.faults.next_call(CREATE, Fault.RATE_LIMITED)
    till.sandbox.faults.webhooks_off()
    till.sandbox.faults.clear()
    till.open()
    with pytest.raises(ValueError, match="is not a call"):
        till.sandbox.faults.next_call("checkout.sessions.crate", Fault.SLOW)
    with pytest.raises(ValueError, match="at least once"):
        till.sandbox.faults.next_call(CREATE, Fault.SLOW, times=0)
    with pytest.raises(ValueError, match="no negative time"):
        till.sandbox.faults.next_call(CREATE, Fault.SLOW, seconds=-1.0)


def test_a_fault_of_the_sandbox_itself_is_a_500_and_undoes_the_effect(
    till: Till, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*args: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr("stripe_sandbox.customers.emit", breaks)
    with pytest.raises(stripe.APIError) as failed:
        till.client.v1.customers.create({"name": "Acme"})
    assert failed.value.http_status == 500
    assert "a fault of ours" in caplog.text
    assert "a fault of ours" not in json.dumps(failed.value.json_body)
    assert till.client.v1.customers.list().data == []
