"""Days go by at the processor: keys that it has forgotten, and messages of days ago."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from time_machine import Traveller

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.payments import giving_back, service
from billing_core.payments.models import Refund
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.billing_core.payments.paid import clerk, pay
from tests.checker import audit
from tests.conftest import Database
from tests.factories import core, ledger
from tests.factories.till import CREATE, CardTill, impatient, payment_named
from tests.faults.quiet import settle_down

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clocks() -> Iterator[Traveller]:
    """Time passes only where a test says so, and the SDK repeats nothing by itself."""
    with time_machine.travel(NOON, tick=False) as moved, impatient():
        yield moved


@pytest.fixture
def till(database: Database, clocks: Traveller, tmp_path: Path) -> CardTill:
    """The processor."""
    return CardTill(tmp_path / "sandbox.sqlite")


@pytest.fixture
def invoice(database: Database, clocks: Traveller) -> Invoice:
    """100.00, open."""
    return ledger.invoice(core.account(), 10000)


def payer_of(invoice: Invoice) -> Viewer:
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    return core.viewer(core.contact(account))


def pass_by(till: CardTill, clocks: Traveller, *hours: float) -> None:
    """After each pause everything happens that happens by itself."""
    for pause in hours:
        clocks.shift(timedelta(hours=pause))
        settle_down(till)


def test_a_page_whose_key_is_forgotten_is_never_made_a_second_time(
    database: Database, till: CardTill, clocks: Traveller, invoice: Invoice
) -> None:
    """It was made, and nobody here knows; when the key is gone, it is not asked for again."""
    payer = payer_of(invoice)
    till.fail(CREATE, Fault.TIMES_OUT_AFTER)
    lost = service.pay_invoice(payer, invoice.public_id, None)
    assert lost.processor_session is None
    clocks.shift(timedelta(hours=22, minutes=30))
    assert till.sandbox.faults.prune_keys(NOON.timestamp() + 60) == 1
    settle_down(till)
    service.continue_payment(payer, lost.public_id)
    assert len(till.sessions()) == 1
    assert payment_named(lost.public_id).state == "failed"
    again = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(again)
    pass_by(till, clocks, 0.1, 24, 24)
    assert len(till.charges()) == 1
    assert ledger.reread(invoice).balance == 0
    audit(database.url, till.path, quiet=True)


def test_a_page_that_is_known_needs_no_key(
    database: Database, till: CardTill, clocks: Traveller, invoice: Invoice
) -> None:
    payer = payer_of(invoice)
    payment = service.pay_invoice(payer, invoice.public_id, None, form_key="form")
    till.sandbox.faults.prune_keys()
    assert service.continue_payment(payer, payment.public_id).processor_session == payment.processor_session
    assert service.pay_invoice(payer, invoice.public_id, None, form_key="form").public_id == payment.public_id
    till.enter_card(payment)
    till.sandbox.faults.prune_keys()
    pass_by(till, clocks, 0.1, 24)
    assert (len(till.sessions()), len(till.charges())) == (1, 1)
    audit(database.url, till.path, quiet=True)


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_AFTER, Fault.TIMES_OUT_BEFORE])
def test_a_refund_whose_key_is_forgotten_is_looked_up_and_never_sent_twice(
    database: Database, till: CardTill, clocks: Traveller, invoice: Invoice, fault: Fault
) -> None:
    payment = pay(till, invoice)
    till.sandbox.faults.webhooks_off()
    till.fail("refunds.create", fault)
    refund = giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    assert refund.state == "begun"
    clocks.shift(timedelta(hours=22, minutes=30))
    till.sandbox.faults.prune_keys()
    settle_down(till)
    with db.reading() as session:
        (row,) = session.scalars(select(Refund)).all()
    happened = fault is Fault.TIMES_OUT_AFTER
    assert [one.amount for one in till.stripe.v1.refunds.list().data] == ([3000] if happened else [])
    assert (row.state, ledger.reread(invoice).balance) == (("succeeded", 3000) if happened else ("failed", 0))
    till.sandbox.faults.webhooks_on()
    pass_by(till, clocks, 1, 24)
    audit(database.url, till.path, quiet=True)


def test_messages_of_three_days_ago_change_nothing(
    database: Database, till: CardTill, clocks: Traveller, invoice: Invoice
) -> None:
    """Paid, sent back in part and paid again, all before the first message of it comes."""
    till.sandbox.faults.keep_webhooks_back(3, "*")
    payer, who = payer_of(invoice), clerk()
    given_up = service.pay_invoice(payer, invoice.public_id, 4000)
    service.cancel_payment(payer, given_up.public_id)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    service.come_back(payer, payment.public_id)
    giving_back.refund_payment(who, payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    rest = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(rest)
    service.come_back(payer, rest.public_id)
    till.sandbox.faults.clear()
    states = [payment_named(one.public_id).state for one in (given_up, payment, rest)]
    assert (states, ledger.reread(invoice).balance) == (["cancelled", "succeeded", "succeeded"], 0)
    pass_by(till, clocks, 24, 24)
    assert len(till.sandbox.pending_deliveries()) > 10, "they are still on their way"
    pass_by(till, clocks, 25)
    assert till.sandbox.pending_deliveries() == []
    assert [payment_named(one.public_id).state for one in (given_up, payment, rest)] == states
    assert ledger.reread(invoice).balance == 0
    audit(database.url, till.path, quiet=True)


def test_a_message_of_three_days_ago_that_is_the_first_news_is_acted_on(
    database: Database, till: CardTill, clocks: Traveller, invoice: Invoice
) -> None:
    till.sandbox.faults.keep_webhooks_back(3, "charge.dispute.*")
    payment = pay(till, invoice)
    till.sandbox.dispute(payment.processor_intent or "")
    pass_by(till, clocks, 24, 24)
    assert ledger.reread(invoice).balance == 0
    pass_by(till, clocks, 25)
    assert ledger.reread(invoice).balance == 10000
    audit(database.url, till.path, quiet=True)
