"""A crash after each step of a renewal: the period is billed once, and nothing is charged twice."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from time_machine import Traveller

from billing_core import clock
from billing_core.renewals import service
from tests.billing_core.orders.online.conftest import at, clocks
from tests.conftest import Database
from tests.factories import cards
from tests.factories.nights import attempts, invoices, mails
from tests.factories.shop import Shop
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down
from tests.faults.test_order_crashes import die

__all__ = ["at", "clocks"]

POINTS = ["payment.begun", "processor.created", "payment.opened", "processor.charged", "payment.booked",
          "payment.settled", "renewal.charged"]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_while_renewing(
    database: Database, clocks: Traveller, till: CardTill, at: Shop, point: str
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    name = at.subscription().public_id
    clocks.move_to(datetime(2026, 7, 1, 10, tzinfo=UTC), tick=False)
    die(database, point, lambda: service.attempt(name))
    for minutes in (0, 10, 70):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            service.find_due()
            settle_down(till)
    assert (len(attempts()), len(till.charges()), len(invoices())) == (1, 2, 2)
    assert (at.subscription().period_start.month, len(mails("subscription-renewed"))) == (7, 1)


@pytest.mark.parametrize("point", ["payment.settled", "renewal.charged"])
def test_a_worker_that_dies_after_a_decline_tells_it_all_the_same(
    database: Database, clocks: Traveller, till: CardTill, at: Shop, point: str
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, "pm_card_chargeCustomerFail")
    name = at.subscription().public_id
    clocks.move_to(datetime(2026, 7, 1, 10, tzinfo=UTC), tick=False)
    die(database, point, lambda: service.attempt(name))
    for _ in range(2):
        service.find_due()
        settle_down(till)
    assert (len(attempts()), len(mails("renewal-failed")), len(till.charges())) == (1, 1, 1)
    assert at.subscription().status(clock.now().date()) == "payment_overdue"
