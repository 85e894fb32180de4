"""What must be true of the portal and the processor together: no money that only one of them knows of (I4)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.checker.books import (
    CLOSED,
    DECIDED,
    GIVEN_BACK,
    OVER_WITHOUT_MONEY,
    SET_ASIDE,
    SUCCEEDED,
    UNDER_WAY,
    Books,
    Row,
)
from tests.checker.rules import at_any_time, when_quiet
from tests.checker.till import Thing, Till, reference
from tests.checker.units import at_processor, is_chargeable


@at_any_time("the processor has no session and no money without a payment of ours, whose row came first")
def _row_first(books: Books, till: Till) -> Iterator[str]:
    for thing in (*till.sessions, *till.intents):
        payment = books.payments.get(reference(thing) or "")
        if payment is None:
            yield f"{thing['id']} for {reference(thing)}"
        elif datetime.fromisoformat(payment["created_at"]).timestamp() >= thing["created"] + 1:
            yield f"{thing['id']} was there before {payment['public_id']}"
    intents = {intent["id"] for intent in till.intents}
    yield from (f"{charge['id']} has no intent" for charge in till.charges if charge["payment_intent"] not in intents)


@at_any_time("the processor has at most one session for a payment, and was asked for what the row says")
def _one_session(books: Books, till: Till) -> Iterator[str]:
    sessions = Counter(reference(session) for session in till.sessions)
    yield from (f"{payment}: {times} sessions" for payment, times in sessions.items() if times > 1)
    for session in till.sessions:
        payment = books.payments.get(reference(session) or "")
        if payment is None or payment["state"] in DECIDED:
            continue  # the first is another rule's; of the second a person has been told
        yield from _unlike(payment, session, session["amount_total"])
        if payment["processor_session"] not in (None, session["id"]):
            yield f"{payment['public_id']} knows {payment['processor_session']}, not {session['id']}"


@at_any_time("no payment takes money twice")
def _once(books: Books, till: Till) -> Iterator[str]:
    taken = Counter(reference(intent) for intent in till.taken)
    yield from (f"{payment}: {times} intents" for payment, times in taken.items() if times > 1)
    charged = Counter(charge["payment_intent"] for charge in till.charges)
    yield from (f"{intent}: {times} charges" for intent, times in charged.items() if times > 1)


@at_any_time("a payment that succeeded is money that the processor took: intent, amount, currency and mode")
def _backed(books: Books, till: Till) -> Iterator[str]:
    taken = {intent["id"]: intent for intent in till.taken}
    for payment in books.payments.values():
        if payment["state"] != SUCCEEDED:
            continue
        intent = taken.get(payment["processor_intent"])
        if intent is None:
            yield f"{payment['public_id']}: {payment['processor_intent']} took nothing"
            continue
        if reference(intent) != payment["public_id"]:
            yield f"{payment['public_id']}: {intent['id']} is for {reference(intent)}"
        yield from _unlike(payment, intent, intent["amount_received"])


@at_any_time("a message that we confirmed is stored, and what is stored is a message of the processor")
def _messages(books: Books, till: Till) -> Iterator[str]:
    stored = {row["event_id"]: row for row in books.events}
    confirmed = {delivery.event_id: delivery.kind for delivery in till.deliveries if delivery.is_confirmed}
    yield from (f"{event} ({kind}) is lost" for event, kind in confirmed.items() if event not in stored)
    known = till.events
    for event, row in stored.items():
        original = known.get(event)
        if original is None or (row["kind"], row["said"]) != (original["type"], original):
            yield f"{event} ({row['kind']}) is none of its messages"


@at_any_time("a refund of ours that the processor is said to have is there, of that amount")
def _refunded_there(books: Books, till: Till) -> Iterator[str]:
    there = {refund["id"]: refund for refund in till.refunds}
    for row in books.refunds:
        if row["processor_refund"] is None:
            continue
        refund = there.get(row["processor_refund"])
        wanted = at_processor(row["amount"], row["currency"]), row["currency"].lower(), row["processor_intent"]
        if refund is None or (refund["amount"], refund["currency"], refund["payment_intent"]) != wanted:
            yield f"{row['public_id']}: {row['processor_refund']}"


@when_quiet("money that the processor took is booked here")
def _booked_here(books: Books, till: Till) -> Iterator[str]:
    for intent in till.taken:
        payment = books.payments.get(reference(intent) or "")
        if payment is None:
            continue  # another rule's
        if payment["state"] == SET_ASIDE:
            if not any(_unlike(payment, intent, intent["amount_received"])) and not _is_of_another_session(
                payment, till
            ):
                yield f"{payment['public_id']} was set aside although {intent['id']} is what was asked for"
        elif payment["state"] in (GIVEN_BACK, CLOSED):
            if not _went_back(intent, till) and payment["livemode"] == intent["livemode"]:
                yield f"{payment['public_id']} is {payment['state']}, and {intent['id']} has not gone back"
        elif (payment["state"], payment["processor_intent"]) != (SUCCEEDED, intent["id"]):
            yield f"{intent['id']}: {payment['public_id']} is {payment['state']}"


@when_quiet("every refund and every dispute of the processor has its row")
def _money_back(books: Books, till: Till) -> Iterator[str]:
    refunds = {row["processor_refund"]: row for row in books.refunds}
    closed = {
        intent["id"]
        for intent in till.intents
        if books.payments.get(reference(intent) or "", {}).get("state") == CLOSED
    }
    for refund in till.refunds:
        row = refunds.get(refund["id"])
        left = refund["status"] in ("pending", "requires_action", "succeeded")
        if row is None:
            if left and refund["payment_intent"] not in closed:
                yield f"{refund['id']} of {refund['payment_intent']} has none"
        elif left != (row["state"] in ("pending", "succeeded")):
            yield f"{refund['id']} is {refund['status']}, {row['public_id']} is {row['state']}"
    disputes = {row["processor_dispute"]: row for row in books.disputes}
    for dispute in till.disputes:
        row = disputes.get(dispute["id"])
        wanted = _state_of(dispute["status"])
        if row is None or row["state"] != wanted:
            yield f"{dispute['id']} is {dispute['status']}, here {row['state'] if row else 'nothing'}"


@when_quiet("nothing waits: no message undelivered or unprocessed, no work about a payment undone")
def _nothing_waits(books: Books, till: Till) -> Iterator[str]:
    waiting = Counter(delivery.kind for delivery in till.deliveries if not delivery.is_confirmed)
    yield from (f"{times} undelivered {kind}" for kind, times in waiting.items())
    yield from (f"{row['event_id']} ({row['kind']}) is unprocessed" for row in books.events if not row["processed_at"])
    yield from (f"{job['kind']} of {job['about']} is {job['state']}" for job in books.jobs)


@when_quiet("both sides agree on which attempts can still be paid")
def _same_end(books: Books, till: Till) -> Iterator[str]:
    payable = {reference(session) for session in till.sessions if session["status"] == "open"}
    of_sessions = {session["payment_intent"] for session in till.sessions}
    payable |= {reference(one) for one in till.intents if one["id"] not in of_sessions and _can_be_charged(one)}
    for payment in books.payments.values():
        if payment["state"] in UNDER_WAY and payment["public_id"] not in payable:
            yield f"{payment['public_id']} is {payment['state']}, and nothing can be paid on it"
        if payment["state"] in OVER_WITHOUT_MONEY and payment["public_id"] in payable:
            yield f"{payment['public_id']} is {payment['state']}, and its page still takes a card"


def _can_be_charged(intent: Thing) -> bool:
    """An intent without a session that waits for us, or for the owner of its card."""
    declined = (intent["last_payment_error"] or {}).get("code")
    waits = intent["status"] in ("requires_confirmation", "requires_action", "processing")
    return waits or (intent["status"] == "requires_payment_method" and declined == "authentication_required")


def _unlike(payment: Row, thing: Thing, amount: int) -> Iterator[str]:
    """In what the processor's thing differs from the row."""
    wanted: dict[str, tuple[Any, Any]] = {
        "amount": (at_processor(payment["amount"], payment["currency"]), amount),
        "currency": (payment["currency"].lower(), thing["currency"]),
        "livemode": (bool(payment["livemode"]), thing["livemode"]),
        "a chargeable amount": (True, is_chargeable(amount, payment["currency"])),
    }
    for name, (ours, theirs) in wanted.items():
        if ours != theirs:
            yield f"{payment['public_id']}: {name} {ours} here, {theirs} at {thing['id']}"


def _is_of_another_session(payment: Row, till: Till) -> bool:
    known = payment["processor_session"]
    return any(
        reference(session) == payment["public_id"] and known not in (None, session["id"]) for session in till.sessions
    )


def _went_back(intent: Thing, till: Till) -> bool:
    """All that an intent took has been sent back, or is on its way."""
    back = [
        one["amount"] for one in till.refunds if one["payment_intent"] == intent["id"] and one["status"] != "failed"
    ]
    return bool(sum(back) == intent["amount_received"])


def _state_of(status: str) -> str:
    """Our state of a dispute that the processor calls `status`."""
    if status in ("warning_closed", "prevented"):
        return "closed"
    if status.startswith("warning_"):
        return "inquiry"
    return status if status in ("won", "lost") else "disputed"
