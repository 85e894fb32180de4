"""A crash after each step of Place Order: it is carried out once or not at all, and no money is charged twice."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.payments import crashpoints, ordering, service
from billing_core.payments.sharing import NEW_CARD, Means
from tests.checker import audit
from tests.conftest import Database
from tests.factories import cards
from tests.factories.shop import Shop, shop
from tests.factories.till import CardTill, impatient
from tests.faults.dying import die_of
from tests.faults.quiet import settle_down


@pytest.fixture
def till(database: Database, tmp_path: Path) -> Iterator[CardTill]:
    """The processor."""
    with impatient():
        yield CardTill(tmp_path / "sandbox.sqlite")


@pytest.fixture
def at(till: CardTill) -> Shop:
    """An online account."""
    return shop()


def die(database: Database, point: str, deed: Callable[[], object]) -> None:
    """Do it in another process, which dies at the point."""

    def do() -> None:
        crashpoints.die_at(point)
        deed()

    die_of(do, database)


def converge(database: Database, till: CardTill) -> None:
    """All that happens by itself, until the leases of the dead are over."""
    for minutes in (0, 7, 70):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            settle_down(till)
    audit(database.url, till.path, quiet=True)


def orders() -> list[OnlineOrder]:
    with db.reading() as session:
        return list(session.scalars(select(OnlineOrder).order_by(OnlineOrder.id)))


def assert_carried_out_once(at: Shop, till: CardTill) -> None:
    (order,) = orders()
    assert (order.state, len(at.subscriptions()), len(till.charges())) == ("fulfilled", 1, 1)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 1
        sent = select(func.count()).where(OutboxMail.kind == "order-confirmed")
        assert session.scalar(sent) == 1


@pytest.mark.parametrize("point", ["payment.begun", "processor.created", "payment.opened"])
def test_a_process_that_dies_while_placing(database: Database, till: CardTill, at: Shop, point: str) -> None:
    seen = at.see(at.buy()).digest
    die(database, point, lambda: at.order(at.buy(), form="form_1", seen=seen))
    converge(database, till)
    assert [order.state for order in orders()] == ["placed"]
    placed = at.order(at.buy(), form="form_1", seen=seen)
    assert placed.payment is not None
    assert (placed.payment.state, len(till.sessions())) == ("open", 1)
    till.enter_card(placed.payment)
    ordering.come_back(at.buyer, placed.order.public_id)
    converge(database, till)
    assert_carried_out_once(at, till)


@pytest.mark.parametrize(
    ("deed", "point"),
    [
        ("come back", "processor.asked"),
        ("come back", "payment.booked"),
        ("come back", "payment.settled"),
        ("webhook", "event.noted"),
        ("webhook", "payment.booked"),
    ],
)
def test_a_process_that_dies_while_settling(
    database: Database, till: CardTill, at: Shop, deed: str, point: str
) -> None:
    placed = at.order(at.buy())
    assert placed.payment is not None
    till.enter_card(placed.payment)
    deeds: dict[str, Callable[[], object]] = {
        "come back": lambda: ordering.come_back(at.buyer, placed.order.public_id), "webhook": till.deliver,
    }  # fmt: skip
    die(database, point, deeds[deed])
    is_done = point == "payment.settled"
    assert (orders()[0].state, len(at.subscriptions())) == (("fulfilled", 1) if is_done else ("placed", 0))
    converge(database, till)
    assert_carried_out_once(at, till)


@pytest.mark.parametrize(
    "point",
    ["payment.begun", "processor.created", "payment.opened", "processor.charged", "payment.booked", "payment.settled"],
)
def test_a_process_that_dies_while_a_card_on_file_pays(
    database: Database, till: CardTill, at: Shop, point: str
) -> None:
    card = cards.saved(till, at.account, at.buyer)
    die(database, point, lambda: at.order(at.buy(), means=Means(card.public_id)))
    converge(database, till)
    assert_carried_out_once(at, till)


@pytest.mark.parametrize("point", ["processor.expired", "payment.cancelled"])
def test_a_process_that_dies_while_cancelling(database: Database, till: CardTill, at: Shop, point: str) -> None:
    placed = at.order(at.buy(), means=NEW_CARD)
    die(database, point, lambda: ordering.cancel_order(at.buyer, placed.order.public_id))
    converge(database, till)
    assert ([order.state for order in orders()], at.subscriptions(), till.charges()) == (["void"], [], [])
    assert service.settle(placed.payment.public_id if placed.payment else "").state in ("cancelled", "expired")
