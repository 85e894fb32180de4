"""The webhook outbox: signed, repeated until confirmed, kept over a restart, sent with no lock held."""

import json

import pytest
import stripe

from tests.stripe_sandbox.till import SECRET, Till


class Receiver:
    """What stands behind the webhook address; `answers` are given one after the other, the last for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[bytes, str]] = []

    def __call__(self, payload: bytes, signature: str) -> int:
        self.seen.append((payload, signature))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def ids(self) -> list[str]:
        return [json.loads(payload)["id"] for payload, _ in self.seen]

    @property
    def types(self) -> list[str]:
        return [json.loads(payload)["type"] for payload, _ in self.seen]


@pytest.fixture
def paid(till: Till) -> Till:
    till.pay(till.open())
    return till


def test_what_arrives_is_signed_and_carries_the_object(paid: Till) -> None:
    receiver = Receiver(200)
    assert paid.sandbox.deliver_due(receiver) == 4
    assert receiver.types == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip
    payload, signature = receiver.seen[-1]
    event = stripe.Webhook.construct_event(payload, signature, SECRET)
    assert event.api_version == stripe.api_version
    assert event.livemode is False
    session = event.data.object
    assert (session["payment_status"], session["client_reference_id"]) == ("paid", "pay_1")
    for changed, header, secret in (
        (payload.replace(b"pay_1", b"pay_2"), signature, SECRET),
        (payload, signature, "whsec_other"),
        (payload, "", SECRET),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(changed, header, secret)


def test_what_is_confirmed_is_not_sent_again(paid: Till) -> None:
    assert paid.sandbox.deliver_due(Receiver(200)) == 4
    assert paid.sandbox.deliver_due(Receiver(200)) == 0
    assert paid.sandbox.pending_deliveries() == []
    assert paid.client.v1.events.list({"delivery_success": False}).data == []
    assert len(paid.client.v1.events.list({"delivery_success": True}).data) == 4


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 404, 500, 503])
def test_only_2xx_confirms(paid: Till, status: int) -> None:
    assert paid.sandbox.deliver_due(Receiver(status)) == 0
    waiting = paid.sandbox.pending_deliveries()
    assert [(one.attempts, one.last_status) for one in waiting] == [(1, status)] * 4
    assert len(paid.client.v1.events.list({"delivery_success": False}).data) == 4


def test_pauses_double_up_to_an_hour(till: Till) -> None:
    till.client.v1.customers.create({"name": "Acme"})
    pauses = []
    for _ in range(13):
        till.sandbox.deliver_due(Receiver(503))
        (waiting,) = till.sandbox.pending_deliveries()
        pauses.append(round(waiting.due_at - till.now()))
        assert till.sandbox.deliver_due(Receiver(200)) == 0  # not before its time
        till.ahead += waiting.due_at - till.now() + 0.01
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert till.sandbox.deliver_due(Receiver(200)) == 1


def test_a_receiver_that_raises_holds_up_nothing(paid: Till) -> None:
    calls: list[str] = []

    def falls_over_once(payload: bytes, signature: str) -> int:
        calls.append(json.loads(payload)["type"])
        if len(calls) == 1:
            raise RuntimeError("no connection")
        return 204

    assert paid.sandbox.deliver_due(falls_over_once) == 3
    (waiting,) = paid.sandbox.pending_deliveries()
    assert (waiting.event_type, waiting.last_status) == ("payment_intent.created", None)
    paid.ahead = 6
    assert paid.sandbox.deliver_due(Receiver(200)) == 1


def test_webhooks_outlive_a_restart(paid: Till) -> None:
    paid.sandbox.deliver_due(Receiver(503))
    reopened = Till(paid.path)
    assert [one.attempts for one in reopened.sandbox.pending_deliveries()] == [1, 1, 1, 1]
    reopened.ahead = 6
    receiver = Receiver(200)
    assert reopened.sandbox.deliver_due(receiver) == 4
    stripe.Webhook.construct_event(*receiver.seen[0], SECRET)


def test_a_delivery_whose_process_died_comes_again(paid: Till) -> None:
    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    def die(payload: bytes, signature: str) -> int:
        raise Killed

    with pytest.raises(Killed):
        paid.sandbox.deliver_due(die)
    assert paid.sandbox.deliver_due(Receiver(200)) == 3  # the fourth is claimed
    paid.ahead = 61
    assert paid.sandbox.deliver_due(Receiver(200)) == 1


def test_no_lock_is_held_while_the_receiver_works(paid: Till) -> None:
    """The receiver calls back, reads and writes, as settling a payment does."""
    opened: list[str] = []

    def calls_back(payload: bytes, signature: str) -> int:
        event = json.loads(payload)
        assert paid.client.v1.events.retrieve(event["id"]).type == event["type"]
        opened.append(paid.client.v1.customers.create({"name": event["type"]}).id)
        return 200

    assert paid.sandbox.deliver_due(calls_back) == 4
    assert len(set(opened)) == 4


def test_two_workers_share_the_work(paid: Till) -> None:
    receiver = Receiver(200)
    other = Till(paid.path)

    def hands_over(payload: bytes, signature: str) -> int:
        other.sandbox.deliver_due(receiver)
        return receiver(payload, signature)

    paid.sandbox.deliver_due(hands_over)
    assert sorted(receiver.types) == sorted(event.type for event in paid.events())
    assert len(set(receiver.ids)) == 4


def test_events_are_listed_by_type_and_time(paid: Till) -> None:
    assert [event.type for event in paid.events("charge.*")] == ["charge.succeeded"]
    chosen = paid.client.v1.events.list({"types": ["charge.succeeded", "payment_intent.succeeded"]}).data
    assert [event.type for event in chosen] == ["payment_intent.succeeded", "charge.succeeded"]
    with pytest.raises(stripe.InvalidRequestError):
        paid.client.v1.events.list({"types": ["charge.succeeded"], "type": "charge.failed"})


def test_an_event_names_the_call_that_caused_it(till: Till) -> None:
    till.client.v1.customers.create({"name": "Acme"}, {"idempotency_key": "c1"})
    (event,) = till.events()
    assert event.request is not None
    assert event.request.idempotency_key == "c1"
    assert event.request.id is not None


def test_webhooks_can_be_doubled_delayed_and_silenced(till: Till) -> None:
    receiver = Receiver(200)
    till.sandbox.faults.duplicate_webhook("checkout.session.completed")
    till.sandbox.faults.delay_webhook(30, "payment_intent.succeeded")
    till.sandbox.faults.webhooks_off()
    till.pay(till.open())
    assert till.sandbox.deliver_due(receiver) == 0
    till.sandbox.faults.webhooks_on()
    assert till.sandbox.deliver_due(receiver) == 4
    assert receiver.types == [
        "payment_intent.created", "charge.succeeded", "checkout.session.completed", "checkout.session.completed",
    ]  # fmt: skip
    assert receiver.ids[2] == receiver.ids[3]
    till.ahead = 31
    assert till.sandbox.deliver_due(receiver) == 1
    assert receiver.types[-1] == "payment_intent.succeeded"
    assert till.sandbox.faults.waiting() == []
