"""A crash after each step of a payment: it converges, nothing is lost and nothing is booked or charged twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.jobs import Job
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import crashpoints, events, moves, service
from billing_core.payments.models import Payment
from billing_core.payments.sharing import Wish
from billing_core.permissions import Viewer
from tests.checker import audit
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named
from tests.faults.countdown import Deed, die_at_every_point
from tests.faults.dying import die_of
from tests.faults.quiet import settle_down


@pytest.fixture
def invoice(database: object) -> Invoice:
    """100.00, open."""
    return ledger.invoice(core.account(), 10000)


@pytest.fixture
def other(invoice: Invoice) -> Invoice:
    """50.00 of the same account, open."""
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    return ledger.invoice(account, 5000)


@pytest.fixture
def payer(invoice: Invoice) -> Viewer:
    """Who may pay it."""
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    return core.viewer(core.contact(account))


def attempts() -> list[Payment]:
    with db.reading() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def converge(till: CardTill) -> None:
    """All that happens by itself: webhooks, jobs, and the reconciler once its time has come."""
    till.deliver()
    with db.reading() as session:
        waiting = session.scalars(select(Job).where(Job.kind == moves.SETTLE, Job.state == "ready")).all()
    for job in waiting:
        events.settle_later(**job.arguments)
    db.perform(_note_done, [job.id for job in waiting])
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        service.reconcile_due()
        settle_down(till)  # what the dead had claimed is free by now
    audit(db.engine().url.render_as_string(hide_password=False), till.path, quiet=True)


def _note_done(ids: list[int]) -> None:
    db.session().execute(update(Job).where(Job.id.in_(ids)).values(state="done"))


def assert_paid_once(till: CardTill, invoice: Invoice) -> None:
    assert ledger.reread(invoice).balance == 0
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 1
    assert len(till.charges()) == 1
    (payment,) = [row for row in attempts() if row.state == "succeeded"]
    assert payment.check_at is None


def finish(till: CardTill, payer: Viewer, payment: Payment) -> None:
    """The payer goes on from what the page offers, and enters the card where that has not been done."""
    payment = service.continue_payment(payer, payment.public_id)
    assert payment.can_go_on, payment.state
    till.enter_card(payment)
    service.come_back(payer, payment.public_id)


PAYING = {"payment.begun": 0, "processor.created": 1, "payment.opened": 1}
"""Points on the way to the hosted page, with the sessions that the processor then has."""


def die(till: CardTill, database: Any, payer: Viewer, deed: str, point: str, **about: str) -> None:
    """Do a deed in another process, which dies at the point."""
    deeds: dict[str, Callable[[], object]] = {
        "pay": lambda: service.pay_invoice(payer, about["invoice"], None),
        "come back": lambda: service.come_back(payer, about["payment"]),
        "webhook": till.deliver,
        "reconcile": service.reconcile_due,
        "cancel": lambda: service.cancel_payment(payer, about["payment"]),
    }

    def do() -> None:
        crashpoints.die_at(point)
        deeds[deed]()

    die_of(do, database)


@pytest.mark.parametrize("point", PAYING)
def test_a_process_that_dies_while_starting_a_payment(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer, point: str
) -> None:
    die(till, database, payer, "pay", point, invoice=invoice.public_id)
    (left,) = attempts()
    assert left.state == ("open" if point == "payment.opened" else "creating")
    assert len(till.sessions()) == PAYING[point]
    converge(till)
    (found,) = attempts()
    assert found.state == "open"
    assert len(till.sessions()) == 1
    finish(till, payer, found)
    assert_paid_once(till, invoice)


@pytest.mark.parametrize(
    ("deed", "point"),
    [
        ("come back", "processor.asked"),
        ("come back", "payment.booked"),
        ("come back", "payment.settled"),
        ("webhook", "event.noted"),
        ("webhook", "payment.booked"),
        ("reconcile", "payment.booked"),
    ],
)
def test_a_process_that_dies_while_settling(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer, deed: str, point: str
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    if deed == "reconcile":
        db.perform(_make_due, payment.public_id)
    die(till, database, payer, deed, point, payment=payment.public_id)
    booked = point == "payment.settled"
    assert payment_named(payment.public_id).state == ("succeeded" if booked else "open")
    assert ledger.reread(invoice).balance == (0 if booked else 10000)
    converge(till)
    assert_paid_once(till, invoice)


@pytest.mark.parametrize(
    ("deed", "point"),
    [
        ("come back", "processor.asked"),
        ("come back", "payment.booked"),
        ("webhook", "event.noted"),
        ("reconcile", "payment.booked"),
        ("reconcile", "payment.settled"),
    ],
)
def test_a_process_that_dies_while_settling_two_invoices(
    database: Any, till: CardTill, invoice: Invoice, other: Invoice, payer: Viewer, deed: str, point: str
) -> None:
    """Both are booked, or neither: there is no point in between."""
    payment = service.pay_invoices(payer, [Wish(other.public_id, 2000), Wish(invoice.public_id)])
    till.enter_card(payment)
    if deed == "reconcile":
        db.perform(_make_due, payment.public_id)
    die(till, database, payer, deed, point, payment=payment.public_id)
    booked = point == "payment.settled"
    assert [ledger.reread(one).balance for one in (invoice, other)] == ([0, 3000] if booked else [10000, 5000])
    converge(till)
    assert [ledger.reread(one).balance for one in (invoice, other)] == [0, 3000]
    with db.reading() as session:
        amounts = session.scalars(select(Allocation.amount).order_by(Allocation.amount)).all()
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 1
    assert (list(amounts), len(till.charges())) == ([2000, 10000], 1)
    assert [target.holds for target in payment_named(payment.public_id).targets] == [False, False]


@pytest.mark.parametrize("point", PAYING)
def test_a_process_that_dies_while_starting_to_pay_two_invoices(
    database: Any, till: CardTill, invoice: Invoice, other: Invoice, payer: Viewer, point: str
) -> None:

    def pay() -> None:
        crashpoints.die_at(point)
        service.pay_invoices(payer, [Wish(other.public_id), Wish(invoice.public_id)], form_key="form_1")

    die_of(pay, database)
    converge(till)
    (found,) = attempts()
    again = service.pay_invoices(payer, [Wish(other.public_id), Wish(invoice.public_id)], form_key="form_1")
    assert (again.public_id, again.state, again.amount) == (found.public_id, "open", 15000)
    assert len(till.sessions()) == 1
    finish(till, payer, found)
    assert [ledger.reread(one).balance for one in (invoice, other)] == [0, 0]
    assert len(till.charges()) == 1


def _make_due(public_id: str) -> None:
    payment = db.session().scalars(select(Payment).where(Payment.public_id == public_id)).one()
    payment.check_at = clock.now()


@pytest.mark.parametrize("point", ["processor.expired", "payment.cancelled"])
def test_a_process_that_dies_while_cancelling(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer, point: str
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    die(till, database, payer, "cancel", point, payment=payment.public_id)
    converge(till)
    ended = payment_named(payment.public_id)
    assert ended.state in ("expired", "cancelled")
    assert [target.holds for target in ended.targets] == [False]
    assert till.charges() == []
    assert ledger.reread(invoice).balance == 10000


def test_a_death_at_every_point_that_is_ever_passed(till: CardTill) -> None:
    """The n-th point of the journey, for every n until the journey passes without a death."""
    invoices: list[Invoice] = []

    def begin() -> list[Deed]:
        account = core.account()
        invoices.append(ledger.invoice(account, 10000))
        return journey_of(till, core.viewer(core.contact(account)), invoices[-1])

    def is_paid_once() -> None:
        assert ledger.reread(invoices[-1]).balance == 0
        assert len(till.charges()) == len(invoices)
        with db.reading() as session:
            booked = select(func.count()).select_from(Allocation).where(Allocation.invoice_id == invoices[-1].id)
            assert session.scalar(booked) == 1

    assert set(die_at_every_point(begin, lambda: converge(till), is_paid_once)) >= {
        "payment.begun", "processor.created", "payment.opened", "event.noted", "processor.asked", "payment.booked",
        "payment.settled",
    }  # fmt: skip


def journey_of(till: CardTill, payer: Viewer, invoice: Invoice) -> list[Callable[[], object]]:
    """The journey of one invoice among several: only its own attempts are looked at."""

    def mine() -> list[Payment]:
        return [payment for payment in attempts() if payment.account_id == invoice.account_id]

    def pay() -> None:
        service.pay_invoice(payer, invoice.public_id, None, form_key="form_1")

    def go_on() -> None:
        for payment in mine():
            service.continue_payment(payer, payment.public_id)

    def enter() -> None:
        for payment in mine():
            if payment.can_go_on and till.is_open(payment):
                till.enter_card(payment)

    def come_back() -> None:
        for payment in mine():
            service.come_back(payer, payment.public_id)

    return [pay, go_on, enter, till.deliver, come_back]
