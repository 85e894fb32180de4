"""A crash after each step of a reconciliation, and of a decision about what was set aside: repeating does no harm."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.payments import crashpoints, service
from billing_core.payments.models import Payment
from billing_core.payments.reconciliation import running
from billing_core.payments.reconciliation.models import Reconciliation
from billing_core.payments.review import finding
from billing_core.payments.review import service as review
from billing_core.payments.review.models import PaymentReview
from billing_core.permissions import Viewer
from tests.billing_core.payments.altered import alter, forget
from tests.billing_core.payments.paid import clerk
from tests.checker import audit
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named
from tests.faults.dying import die_of
from tests.faults.quiet import settle_down


@pytest.fixture
def invoice(database: object) -> Invoice:
    """100.00, open."""
    return ledger.invoice(core.account(), 10000)


@pytest.fixture
def payer(invoice: Invoice) -> Viewer:
    """Who may pay it."""
    from billing_core.accounts import Account

    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    return core.viewer(core.contact(account))


def die(database: Any, deed: Callable[[], object], point: str) -> None:
    """Do a deed in another process, which dies at the point."""

    def do() -> None:
        crashpoints.die_at(point)
        deed()

    die_of(do, database)


POINTS = (
    "reconciliation.begun", "event.noted", "reconciliation.compared", "payment.booked", "payment.settled",
    "reconciliation.mended",
)  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_reconciliation_that_dies_is_taken_over(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer, point: str
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    if point != "event.noted":
        forget(till, "event", "checkout.session")
        till.sandbox.faults.webhooks_off()
    die(database, lambda: running.run("test"), point)
    audit(database.url, till.path, quiet=False)
    assert running.run("test") is None, "its lease has not run out"
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        report = running.run("test")
    assert report is not None
    assert report.differences == []
    assert (payment_named(payment.public_id).state, ledger.reread(invoice).balance) == ("succeeded", 0)
    with db.reading() as session:
        assert len(session.scalars(select(Reconciliation)).all()) == 1
    assert len(till.charges()) == 1


def set_aside(till: CardTill, payer: Viewer, invoice: Invoice) -> Payment:
    """60.00 came where 40.00 were asked for."""
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    alter(till, "checkout.session", payment.processor_session or "", amount_total=6000, amount_subtotal=6000)
    till.enter_card(payment)
    return service.come_back(payer, payment.public_id)


def seen(payment: Payment) -> str:
    with db.reading() as session:
        return finding.of_review(session.get_one(PaymentReview, payment.id)).fingerprint


DECISIONS: dict[str, tuple[Callable[..., object], tuple[str, ...]]] = {
    "take in": (review.take_in, ("review.looked", "review.decided")),
    "give back": (
        review.give_back,
        ("review.looked", "review.decided", "refund.begun", "processor.refunded", "refund.learned"),
    ),
}
DEATHS = [(name, point) for name, (_, points) in DECISIONS.items() for point in points]


@pytest.mark.parametrize(("decision", "point"), DEATHS)
def test_a_decision_that_dies_is_made_once(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer, decision: str, point: str
) -> None:
    payment, who = set_aside(till, payer, invoice), clerk()
    verb, shown = DECISIONS[decision][0], seen(payment)
    die(database, lambda: verb(who, payment.public_id, shown, "Why"), point)
    audit(database.url, till.path, quiet=False)
    verb(who, payment.public_id, shown, "Why")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        settle_down(till)
        settle_down(till)
    audit(database.url, till.path, quiet=True)
    state, balance = payment_named(payment.public_id).state, ledger.reread(invoice).balance
    sent = [one.amount for one in till.stripe.v1.refunds.list().data]
    expected = ("succeeded", 4000, []) if decision == "take in" else ("given_back", 10000, [6000])
    assert (state, balance, sent) == expected


def test_what_is_closed_without_money_keeps_both_sides_alike(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment, who = set_aside(till, payer, invoice), clerk()
    with db.reading() as session:
        intent = session.get_one(PaymentReview, payment.id).intent_id or ""
    till.stripe.v1.refunds.create({"payment_intent": intent})
    review.look(who, payment.public_id)
    review.close(who, payment.public_id, seen(payment), "Sent back over there")
    settle_down(till)
    audit(database.url, till.path, quiet=True)
    report = running.run("test")
    assert report is not None
    assert report.differences == []
