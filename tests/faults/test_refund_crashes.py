"""A crash after each step of a refund: it converges, and the money goes back once and is booked once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import crashpoints, giving_back
from billing_core.payments.models import Payment, Refund
from tests.billing_core.payments.paid import clerk, pay
from tests.checker import audit
from tests.factories import core, ledger
from tests.factories.till import CardTill
from tests.faults.dying import die_of
from tests.faults.quiet import settle_down


@pytest.fixture
def invoice(database: object) -> Invoice:
    """100.00, open."""
    return ledger.invoice(core.account(), 10000)


@pytest.fixture
def payment(till: CardTill, invoice: Invoice) -> Payment:
    """All of it, by card."""
    return pay(till, invoice)


def die(database: Any, deed: Callable[[], object], point: str) -> None:
    """Do a deed in another process, which dies at the point."""

    def do() -> None:
        crashpoints.die_at(point)
        deed()

    die_of(do, database)


def converge(till: CardTill) -> None:
    """All that happens by itself: the reconciler once its time has come, and the webhooks."""
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        giving_back.reconcile_due()
        settle_down(till)


def converge_and_audit(till: CardTill, database: Any) -> None:
    """What an auditor sees in both places before and after."""
    audit(database.url, till.path, quiet=False)
    converge(till)
    audit(database.url, till.path, quiet=True)


def assert_sent_back_once(till: CardTill, invoice: Invoice) -> None:
    assert [(one.amount, one.status) for one in till.stripe.v1.refunds.list().data] == [(3000, "succeeded")]
    assert ledger.reread(invoice).balance == 3000
    with db.reading() as session:
        (refund,) = session.scalars(select(Refund)).all()
        assert (refund.state, refund.check_at) == ("succeeded", None)
        assert session.scalar(select(func.count()).select_from(Allocation)) == 2
        assert session.scalar(select(func.count()).where(OutboxMail.kind == "refund-sent")) == 1


@pytest.mark.parametrize("point", ["refund.begun", "processor.refunded", "refund.learned"])
def test_a_process_that_dies_while_sending_a_refund(
    database: Any, till: CardTill, invoice: Invoice, payment: Payment, point: str
) -> None:
    who = clerk()
    wishes = {invoice.public_id: 3000}
    die(database, lambda: giving_back.refund_payment(who, payment.public_id, wishes, "Why", "key"), point)
    assert ledger.reread(invoice).balance == 3000, "the intent is in the books before the processor is asked"
    converge_and_audit(till, database)
    assert_sent_back_once(till, invoice)
    giving_back.refund_payment(who, payment.public_id, wishes, "Why", "key")
    assert_sent_back_once(till, invoice)


@pytest.mark.parametrize("point", ["event.noted", "processor.asked_back"])
def test_a_process_that_dies_while_hearing_of_a_dispute(
    database: Any, till: CardTill, invoice: Invoice, payment: Payment, point: str
) -> None:
    from billing_core.jobs import Job
    from billing_core.payments import events

    till.sandbox.dispute(payment.processor_intent or "")
    die(database, till.deliver, point)
    assert ledger.reread(invoice).balance == 0
    with db.reading() as session:
        waiting = session.scalars(select(Job).where(Job.kind == events.MONEY_BACK, Job.state == "ready")).all()
    assert waiting, "what was heard of is never forgotten"
    converge_and_audit(till, database)
    assert ledger.reread(invoice).balance == 10000
