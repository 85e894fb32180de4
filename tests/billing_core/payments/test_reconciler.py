"""The reconciler: finds what nobody told us, in growing pauses, once however many processes look."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.ledger.models import Allocation, Invoice
from billing_core.payments import moves, service
from billing_core.payments.models import Payment
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.factories import ledger
from tests.factories.till import CREATE, RETRIEVE, CardTill, payment_named

MINUTES_5, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def payment(till: CardTill, invoice: Invoice, payer: Viewer) -> Payment:
    """100.00, waiting for the card."""
    return service.pay_invoice(payer, invoice.public_id, None)


def later(**pause: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**pause), tick=False)


def test_a_payment_that_nobody_told_us_of_is_found(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    till.enter_card(payment)
    assert service.reconcile_due() == 0
    with later(minutes=5, seconds=1):
        assert service.reconcile_due() == 1
        assert service.reconcile_due() == 0
    assert ledger.reread(invoice).balance == 0
    assert payment_named(payment.public_id).check_at is None


def test_the_pauses_grow_and_the_end_of_the_session_is_looked_at(till: CardTill, payment: Payment) -> None:
    start = payment.created_at
    assert payment.check_at is not None
    assert timedelta(0) <= payment.check_at - start - MINUTES_5 < timedelta(minutes=1)
    for pause in (HOUR, None):
        now = payment_named(payment.public_id).check_at
        assert now is not None
        with time_machine.travel(now, tick=False):
            assert service.reconcile_due() == 1
        planned = payment_named(payment.public_id).check_at
        assert planned is not None
        end = (payment.session_expires_at or start) + timedelta(minutes=1)
        assert planned == (now + pause if pause else end)
    with time_machine.travel(end, tick=False):
        assert service.reconcile_due() == 1
    assert payment_named(payment.public_id).state == "expired"


def test_an_unknown_one_is_asked_for_after_5_minutes_an_hour_and_then_daily(
    till: CardTill, payment: Payment, payer: Viewer
) -> None:
    till.enter_card(payment)
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE, times=5)
    assert service.come_back(payer, payment.public_id).state == "unknown"
    with later(hours=30):
        begun = clock.now()
        for pause in (HOUR, DAY, DAY):
            due = payment_named(payment.public_id).check_at
            assert due is not None
            with time_machine.travel(max(due, begun), tick=False):
                now = clock.now()
                assert service.reconcile_due() == 1
                planned = payment_named(payment.public_id)
                assert planned.state == "unknown"
                assert planned.check_at == now + pause
    with later(days=10):
        service.reconcile_due()
        assert payment_named(payment.public_id).state == "unknown"
    with later(days=20):
        service.reconcile_due()
    assert payment_named(payment.public_id).state == "succeeded"


def test_a_creation_is_repeated_under_its_key_while_that_is_safe(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    till.fail(CREATE, Fault.TIMES_OUT_AFTER)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    with later(hours=22):
        assert service.reconcile_due() == 1
    opened = payment_named(payment.public_id)
    assert (opened.state, len(till.sessions())) == ("open", 1)


def test_a_creation_that_is_too_old_is_given_up_and_never_sent_again(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    till.fail(CREATE, Fault.TIMES_OUT_BEFORE)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    with later(hours=22, minutes=21):
        assert service.reconcile_due() == 1
    given_up = payment_named(payment.public_id)
    assert (given_up.state, given_up.failure) == ("failed", "never_started")
    assert till.sessions() == []
    assert service.pay_invoice(payer, invoice.public_id, None).state == "open"


def test_many_reconcilers_take_each_look_once(till: CardTill, payment: Payment) -> None:
    till.enter_card(payment)
    with later(minutes=6), ThreadPoolExecutor(4) as pool:
        looked = list(pool.map(lambda _: service.reconcile_due(), range(8)))
    assert sum(looked) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1


def test_one_payment_that_fails_holds_up_no_other(
    till: CardTill, invoice: Invoice, payer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = service.pay_invoice(payer, invoice.public_id, 4000)
    second = service.pay_invoice(payer, invoice.public_id, 3000)
    till.enter_card(second)
    settle = service.settle

    def poisoned(public_id: str) -> Payment:
        if public_id == first.public_id:
            raise RuntimeError("a fault of our own")
        return settle(public_id)

    monkeypatch.setattr(service, "settle", poisoned)
    with later(minutes=6):
        with pytest.raises(RuntimeError):
            service.reconcile_due()
        assert service.reconcile_due() == 1
    assert payment_named(second.public_id).state == "succeeded"


def test_a_planned_look_can_be_claimed_once(till: CardTill, payment: Payment) -> None:
    planned = payment.check_at
    assert planned is not None
    assert db.perform(moves.claim_look, payment.public_id, planned)
    assert not db.perform(moves.claim_look, payment.public_id, planned)
    assert not db.perform(moves.claim_look, "pay_unknown", planned)
