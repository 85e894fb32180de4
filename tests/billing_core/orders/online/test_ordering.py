"""Online orders from the wish to the subscription: priced, placed, paid, carried out (domain.md 6)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from time_machine import Traveller

from billing_core.orders.online.wishes import Buy, Change, Try
from billing_core.payments import ordering, service
from tests.checker import audit
from tests.conftest import Database
from tests.factories import core, ledger
from tests.factories.shop import Shop, credit_note_of, credit_of, invoice_of, reprice, shop
from tests.factories.till import CardTill, impatient, payment_named
from tests.faults.quiet import settle_down


@pytest.fixture
def clocks() -> Iterator[Traveller]:
    with time_machine.travel(datetime(2026, 6, 1, 10, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def till(database: Database, clocks: Traveller, tmp_path: Path) -> Iterator[CardTill]:
    """The processor; in the end both sides agree."""
    with impatient():
        found = CardTill(tmp_path / "sandbox.sqlite")
        yield found
        settle_down(found)
        audit(database.url, found.path, quiet=True)


@pytest.fixture
def at(till: CardTill) -> Shop:
    return shop()


def test_a_purchase_is_priced_paid_and_usable(at: Shop, till: CardTill) -> None:
    seen = at.see(at.buy())
    assert (seen.order.totals.net, seen.order.totals.tax, seen.order.total, seen.charge) == (5000, 950, 5950, 5950)
    placed = at.order(at.buy())
    assert placed.payment is not None
    assert (placed.order.state, placed.payment.state, placed.payment.amount) == ("placed", "open", 5950)
    assert at.subscriptions() == []
    till.enter_card(placed.payment)
    done = ordering.come_back(at.buyer, placed.order.public_id).order
    assert done.state == "fulfilled"
    invoice, bought = invoice_of(done), at.subscription()
    assert (invoice.total, invoice.balance, invoice.due_on) == (5950, 0, date(2026, 6, 1))
    assert (bought.seats, bought.tier, bought.unit_price) == (5, "Pro", 1000)
    assert (bought.period_start, bought.period_end) == (date(2026, 6, 1), date(2026, 7, 1))
    assert (bought.tax_rate, bought.invoice_id, bought.is_live) == (1900, invoice.id, True)
