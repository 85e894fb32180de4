"""Webhooks: signed, stored once, and only a reason to look."""

import json
from typing import Any

import pytest
import stripe
from sqlalchemy import func, select

from billing_core import db
from billing_core.jobs import Job
from billing_core.ledger.models import Allocation, Invoice
from billing_core.payments import events, moves, service
from billing_core.payments.models import Payment, ProcessorEvent
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.factories import ledger
from tests.factories.till import RETRIEVE, SECRET, CardTill, payment_named


@pytest.fixture
def payment(till: CardTill, invoice: Invoice, payer: Viewer) -> Payment:
    """100.00, waiting for the card."""
    return service.pay_invoice(payer, invoice.public_id, None)


def event(reference: str | None, session: str = "cs_test_1", **changes: Any) -> bytes:
    body = {
        "id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False,
        "data": {"object": {"id": session, "object": "checkout.session", "client_reference_id": reference}},
    }  # fmt: skip
    return json.dumps(body | changes).encode()


def signed(body: bytes, secret: str = SECRET, timestamp: int | None = None) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp))


def stored() -> list[ProcessorEvent]:
    with db.reading() as session:
        return list(session.scalars(select(ProcessorEvent)))


def test_the_processors_own_webhook_settles(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    till.enter_card(payment)
    assert till.deliver() >= 1
    assert till.sandbox.pending_deliveries() == []
    assert ledger.reread(invoice).balance == 0
    assert all(row.processed_at is not None for row in stored())


def test_a_duplicate_is_stored_and_booked_once(till: CardTill, payment: Payment) -> None:
    till.enter_card(payment)
    body = event(payment.public_id, payment.processor_session or "")
    assert [events.receive_event(body, signed(body)) for _ in range(3)] == [200, 200, 200]
    assert len(stored()) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == moves.SETTLE)) == 1


@pytest.mark.parametrize("how", ["wrong secret", "none", "too old", "other body", "garbage"])
def test_a_forged_event_writes_nothing(till: CardTill, payment: Payment, how: str) -> None:
    till.enter_card(payment)
    body = event(payment.public_id)
    signature = {
        "wrong secret": signed(body, "whsec_other"),
        "none": "",
        "too old": signed(body, timestamp=1_600_000_000),
        "other body": signed(event("pay_other")),
        "garbage": "t=x,v1=\u00fc",
    }[how]
    assert events.receive_event(body, signature) == 400
    assert stored() == []
    assert payment_named(payment.public_id).state == "open"


def test_what_the_event_claims_is_not_believed(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    """It says paid, but nobody entered a card: the processor is asked, and knows better."""
    body = event(payment.public_id, payment.processor_session or "")
    assert events.receive_event(body, signed(body)) == 200
    assert payment_named(payment.public_id).state == "open"
    assert ledger.reread(invoice).balance == 10000


def test_an_event_about_something_else_is_kept_and_that_is_all(till: CardTill) -> None:
    for number, reference in enumerate([None, "pay_unknown"]):
        body = event(reference, id=f"evt_{number}")
        assert events.receive_event(body, signed(body)) == 200
    assert [row.processed_at is not None for row in stored()] == [True, True]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_an_event_of_the_other_mode_moves_nothing(till: CardTill, payment: Payment) -> None:
    till.enter_card(payment)
    body = event(payment.public_id, payment.processor_session or "", livemode=True)
    assert events.receive_event(body, signed(body)) == 200
    assert payment_named(payment.public_id).state == "open"


def test_an_event_outlives_a_processor_that_cannot_be_asked(till: CardTill, payment: Payment) -> None:
    till.enter_card(payment)
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE)
    body = event(payment.public_id, payment.processor_session or "")
    assert events.receive_event(body, signed(body)) == 200
    assert payment_named(payment.public_id).state == "open"
    with db.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == moves.SETTLE)).one()
    events.settle_later(**job.arguments)
    assert payment_named(payment.public_id).state == "succeeded"
    assert all(row.processed_at is not None for row in stored())


def test_a_session_that_we_never_learned_of_is_found_by_its_reference(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    """The process died between the processor's answer and our note of it; the payer had the page open already."""
    till.fail("checkout.sessions.create", Fault.TIMES_OUT_AFTER)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    (session,) = till.sessions()
    till.enter_card_at(session.id)
    till.deliver()
    settled = payment_named(payment.public_id)
    assert (settled.state, settled.processor_session) == ("succeeded", session.id)


def test_late_and_overtaking_events_end_alike(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.sandbox.faults.delay_webhook(3600.0)
    till.sandbox.faults.duplicate_webhook("checkout.session.completed")
    till.enter_card(payment, "pm_card_visa_chargeDeclined")
    till.enter_card(payment)
    till.deliver()
    assert payment_named(payment.public_id).state == "succeeded"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1
