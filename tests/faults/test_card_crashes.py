"""A crash after each step of a payment with a card on file, and of adding and removing one: nothing is done twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import crashpoints, service
from billing_core.payments.cards import keeping
from billing_core.payments.cards import service as adding
from billing_core.payments.cards.models import CardSetup, SavedCard
from billing_core.payments.models import Payment
from billing_core.payments.sharing import Means
from billing_core.permissions import Viewer
from tests.checker import audit
from tests.conftest import Database
from tests.factories import cards, core, ledger
from tests.factories.till import CardTill
from tests.faults.dying import die_of
from tests.faults.quiet import settle_down


@pytest.fixture
def account(till: CardTill) -> Account:
    """In EUR."""
    return core.account()


@pytest.fixture
def invoice(account: Account) -> Invoice:
    """100.00, open."""
    return ledger.invoice(account, 10000)


@pytest.fixture
def payer(account: Account) -> Viewer:
    """Who may pay it."""
    return core.viewer(core.contact(account))


def die(database: Database, point: str, deed: Callable[[], object]) -> None:
    """Do it in another process, which dies at the point."""

    def do() -> None:
        crashpoints.die_at(point)
        deed()

    die_of(do, database)


def converge(database: Database, till: CardTill) -> None:
    """All that happens by itself, until the reconciler has looked and the leases of the dead are over."""
    for minutes in (0, 7, 70):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            settle_down(till)
    audit(database.url, till.path, quiet=True)


def payments() -> list[Payment]:
    with db.reading() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def counted(table: type, *conditions: object) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0  # type: ignore[arg-type]


CHARGING = {
    "payment.begun": (0, 0), "processor.created": (1, 0), "payment.opened": (1, 0), "processor.charged": (1, 1),
    "payment.booked": (1, 1), "payment.settled": (1, 1),
}  # fmt: skip
"""Points on the way, with the intents and the charges that the processor then has."""


@pytest.mark.parametrize("point", CHARGING)
def test_a_process_that_dies_while_charging(
    database: Database, till: CardTill, account: Account, invoice: Invoice, payer: Viewer, point: str
) -> None:
    card = cards.saved(till, account, payer)
    die(database, point, lambda: service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id)))
    assert (len(till.intents()), len(till.charges())) == CHARGING[point]
    converge(database, till)
    assert [payment.state for payment in payments()] == ["succeeded"]
    assert (len(till.intents()), len(till.charges()), ledger.reread(invoice).balance) == (1, 1, 0)
    assert (counted(Allocation), counted(OutboxMail, OutboxMail.kind == "payment-receipt")) == (1, 1)


@pytest.mark.parametrize("point", ["processor.confronted", "payment.confronted"])
def test_a_process_that_dies_while_leading_to_the_bank(
    database: Database, till: CardTill, account: Account, invoice: Invoice, payer: Viewer, point: str
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    die(database, point, lambda: service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id)))
    converge(database, till)
    (left,) = payments()
    assert (left.state, till.charges()) == ("open", [])
    payment = service.continue_payment(payer, left.public_id)
    till.answer_bank(payment)
    assert service.come_back(payer, payment.public_id).state == "succeeded"
    assert len(till.charges()) == 1
    converge(database, till)


@pytest.mark.parametrize("point", ["processor.asked", "payment.booked", "payment.settled"])
def test_a_process_that_dies_when_the_owner_comes_back(
    database: Database, till: CardTill, account: Account, invoice: Invoice, payer: Viewer, point: str
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    payment = service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id))
    till.answer_bank(payment)
    die(database, point, lambda: service.come_back(payer, payment.public_id))
    converge(database, till)
    assert [one.state for one in payments()] == ["succeeded"]
    assert (counted(Allocation), ledger.reread(invoice).balance) == (1, 0)


@pytest.mark.parametrize("point", ["processor.expired", "payment.cancelled"])
def test_a_process_that_dies_while_cancelling(
    database: Database, till: CardTill, account: Account, invoice: Invoice, payer: Viewer, point: str
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    payment = service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id))
    die(database, point, lambda: service.cancel_payment(payer, payment.public_id))
    converge(database, till)
    (ended,) = payments()
    assert ended.state in ("expired", "cancelled")
    assert (till.charges(), ledger.reread(invoice).balance) == ([], 10000)


@pytest.mark.parametrize("point", ["setup.begun", "processor.knows_customer", "processor.made_setup", "setup.opened"])
def test_a_process_that_dies_while_beginning_to_add_a_card(
    database: Database, till: CardTill, account: Account, payer: Viewer, point: str
) -> None:
    die(database, point, lambda: adding.add_card(payer, account.public_id, "form_1"))
    converge(database, till)
    setup = adding.add_card(payer, account.public_id, "form_1")
    assert (setup.state, len(till.sessions()), counted(CardSetup)) == ("open", 1, 1)
    assert len(till.stripe.v1.customers.list({"limit": 10}).data) == 1
    till.enter_card_at(setup.processor_session or "")
    converge(database, till)
    assert len(cards.on_file(account)) == 1


@pytest.mark.parametrize("point", ["processor.asked_of_setup", "setup.settled"])
def test_a_process_that_dies_when_a_card_was_added(
    database: Database, till: CardTill, account: Account, payer: Viewer, point: str
) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    till.enter_card_at(setup.processor_session or "")
    die(database, point, lambda: adding.come_back(payer, setup.public_id))
    converge(database, till)
    assert (len(cards.on_file(account)), counted(OutboxMail, OutboxMail.kind == "card-added")) == (1, 1)


@pytest.mark.parametrize("point", ["processor.asked", "payment.booked", "payment.settled"])
def test_a_process_that_dies_while_a_card_is_kept_that_has_paid(
    database: Database, till: CardTill, account: Account, invoice: Invoice, payer: Viewer, point: str
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None, means=Means(keep=True))
    till.enter_card(payment)
    die(database, point, lambda: service.come_back(payer, payment.public_id))
    converge(database, till)
    assert (counted(SavedCard), counted(Allocation), ledger.reread(invoice).balance) == (1, 1, 0)


def test_a_worker_that_dies_while_a_card_is_let_go_of(
    database: Database, till: CardTill, account: Account, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer)
    db.perform(keeping.remove, payer, card.public_id)
    die(database, "processor.detached", lambda: adding.detach(card.public_id))
    assert cards.reread(card).detached_at is None
    converge(database, till)
    assert cards.reread(card).detached_at is not None
