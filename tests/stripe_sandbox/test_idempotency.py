"""Idempotency keys: one effect, one answer, whatever is repeated, in parallel or after a crash."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from stripe_sandbox import Fault
from tests.stripe_sandbox.till import Till, replayed

DAY = 24 * 60 * 60


def test_a_repeat_gets_the_first_answer(till: Till) -> None:
    first = till.open(key="k1")
    till.client.v1.checkout.sessions.expire(first.id)
    again = till.open(key="k1")
    assert again.id == first.id
    assert again.status == "open"  # as it was answered then, not as it is now
    assert replayed(again)
    assert not replayed(first)
    assert len(till.client.v1.checkout.sessions.list().data) == 1


def test_other_parameters_under_the_same_key_are_refused(till: Till) -> None:
    till.open(11900, key="k1")
    with pytest.raises(stripe.IdempotencyError) as refused:
        till.open(11901, key="k1")
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        till.client.v1.customers.create({"name": "Acme"}, {"idempotency_key": "k1"})
    assert len(till.client.v1.checkout.sessions.list().data) == 1


def test_a_failed_validation_leaves_the_key_free(till: Till) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        till.open(1, key="k1")
    assert till.open(11900, key="k1").amount_total == 11900


def test_a_refusal_that_was_executed_is_kept(till: Till) -> None:
    session = till.open()
    till.pay(session)
    intent = str(till.client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            till.client.v1.refunds.create({"payment_intent": intent, "amount": 12000}, {"idempotency_key": "r1"})
    till.client.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.refunds.create({"payment_intent": intent, "amount": 12000}, {"idempotency_key": "r1"})
    assert refused.value.param == "amount"  # not charge_already_refunded


def test_a_decline_is_kept_with_its_intent(till: Till) -> None:
    def charge() -> str:
        with pytest.raises(stripe.CardError) as declined:
            till.client.v1.payment_intents.create(
                {
                    "amount": 5000,
                    "currency": "eur",
                    "payment_method": "pm_card_visa_chargeDeclined",
                    "confirm": True,
                    "off_session": True,
                },
                {"idempotency_key": "c1"},
            )
        error = declined.value.error
        assert error is not None
        assert error.payment_intent is not None
        return error.payment_intent.id

    assert charge() == charge()
    assert len(till.client.v1.payment_intents.list().data) == 1


def test_a_key_is_forgotten_after_a_day(till: Till) -> None:
    first = till.open(key="k1")
    till.ahead = DAY - 60
    assert till.open(key="k1").id == first.id
    till.ahead = DAY + 60
    assert till.open(key="k1").id != first.id


def test_a_key_has_at_most_255_characters(till: Till) -> None:
    assert till.open(key="k" * 255).status == "open"
    with pytest.raises(stripe.IdempotencyError):
        till.open(key="k" * 256)


def test_eight_threads_with_one_key_open_one_session(till: Till) -> None:
    # Whoever claims the key is slow, so that the others meet it at work.
    till.sandbox.faults.next_call("checkout.sessions.create", Fault.SLOW, times=8, seconds=0.5)
    barrier = threading.Barrier(8)

    def attempt() -> str:
        barrier.wait()
        try:
            return till.open(key="same").id
        except stripe.APIError as busy:
            return f"{busy.http_status} {busy.error.code if busy.error else None}"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: attempt(), range(8)))
    busy = outcomes.count("409 idempotency_key_in_use")
    answered = [outcome for outcome in outcomes if outcome.startswith("cs_test_")]
    print(f"8 attempts: {busy} met a call in progress, {len(set(answered))} session")
    assert busy >= 1
    assert busy + len(answered) == 8
    assert len(set(answered)) == 1
    assert len(till.client.v1.checkout.sessions.list().data) == 1
    assert till.open(key="same").id in outcomes


def test_the_control_eight_threads_with_eight_keys_open_eight_sessions(till: Till) -> None:
    barrier = threading.Barrier(8)

    def attempt(number: int) -> str:
        barrier.wait()
        return till.open(key=f"own-{number}").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(attempt, range(8)))) == 8


def test_the_sdk_waits_out_a_parallel_call_by_itself(till: Till) -> None:
    patient = stripe.StripeClient("sk_test_till", http_client=till.sandbox.http_client(), max_network_retries=5)
    till.sandbox.faults.next_call("checkout.sessions.create", Fault.SLOW, times=4, seconds=0.3)
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(patient.v1.checkout.sessions.create, till.params(), {"idempotency_key": "same"})
            for _ in range(4)
        ]
    assert len({call.result().id for call in calls}) == 1


def test_a_claim_whose_process_died_lapses(till: Till) -> None:
    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    def die(seconds: float) -> None:
        raise Killed

    till.sandbox.faults.next_call("checkout.sessions.create", Fault.SLOW, seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stripe_sandbox.api.time.sleep", die)
        with pytest.raises(Killed):
            till.open(key="k1")
    with pytest.raises(stripe.APIError) as busy:
        till.open(key="k1")
    assert busy.value.http_status == 409
    till.ahead = 61
    assert till.open(key="k1").status == "open"


def test_a_call_that_was_overtaken_has_no_effect(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim lapses while it works, another call takes the key over and is answered: the slow one must not act."""
    opened: list[str] = []

    def is_overtaken(seconds: float) -> None:
        till.ahead = 61
        opened.append(till.open(key="k1").id)

    till.sandbox.faults.next_call("checkout.sessions.create", Fault.SLOW, seconds=1)
    monkeypatch.setattr("stripe_sandbox.api.time.sleep", is_overtaken)
    with pytest.raises(stripe.APIError) as late:
        till.open(key="k1")
    assert late.value.http_status == 409
    assert [session.id for session in till.client.v1.checkout.sessions.list().data] == opened
    assert till.open(key="k1").id == opened[0]


def test_a_refusal_undoes_what_the_call_had_begun(till: Till) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        till.client.v1.payment_intents.create(
            {
                "amount": 5000,
                "currency": "eur",
                "payment_method": "pm_card_visa",
                "confirm": True,
                "off_session": True,
                "expand": ["amount"],
            }
        )
    assert refused.value.param == "expand"
    assert till.client.v1.payment_intents.list().data == []
    assert till.events() == []
