"""A downgrade against itself, an edit, a payment and the renewal at the same moment: one after the other."""

from datetime import date, timedelta

import pytest
from time_machine import Traveller

from billing_core import clock, db
from billing_core.errors import Refusal
from billing_core.orders.online.downgrading import When
from billing_core.orders.online.refusals import OrderUnderWay, PreviewStale
from billing_core.orders.online.wishes import Change
from billing_core.payments import ordering
from billing_core.permissions import Viewer
from billing_core.renewals import service as renewals
from corporate_portal.support import service
from corporate_portal.support.refusals import StalePreview
from tests.billing_core.orders.online.test_races import at_once
from tests.billing_core.renewals.test_renewing import pay
from tests.corporate_portal.support.conftest import Apply, look
from tests.factories import cards
from tests.factories.nights import invoices, mails, night, orders
from tests.factories.shop import Shop, credit_of
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down


def test_the_same_form_twice_at_once_credits_once(at: Shop, till: CardTill, clerk: Viewer, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    seen = look(clerk, at.subscription().public_id, "Starter", When.AT_ONCE)
    at_once(*([lambda: lower(key="form_1", seen=seen)] * 3))
    assert (len(orders()), credit_of(at.account), len(mails("downgrade-applied"))) == (2, 2975, 1)


def test_a_downgrade_against_an_edit_has_one_winner(at: Shop, till: CardTill, clerk: Viewer, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    wish = Change(at.subscription().public_id, "Pro", 4, "monthly")
    theirs, ours = at.see(wish).digest, look(clerk, wish.subscription, "Starter", When.AT_ONCE)
    outcomes = at_once(lambda: at.order(wish, seen=theirs), lambda: lower(seen=ours))
    (refused,) = [one for one in outcomes if isinstance(one, Refusal)]
    found = at.subscription()
    if isinstance(refused, StalePreview):
        assert (found.tier, found.seats, credit_of(at.account)) == ("Pro", 4, 1190)
    else:
        assert isinstance(refused, PreviewStale)
        assert (found.tier, found.seats, credit_of(at.account)) == ("Starter", 5, 2975)


@pytest.mark.parametrize("when", list(When))
def test_while_a_payment_is_under_way_nothing_is_lowered(
    at: Shop, till: CardTill, clerk: Viewer, lower: Apply, when: When
) -> None:
    at.bought(till, at.buy(5))
    placed = at.order(Change(at.subscription().public_id, "Pro", 6, "monthly"))
    with pytest.raises(OrderUnderWay):
        lower(when)
    assert placed.payment is not None
    till.enter_card(placed.payment)
    ordering.come_back(at.buyer, placed.order.public_id)
    assert (at.subscription().seats, at.subscription().tier, at.subscription().planned_tier) == (6, "Pro", None)


def test_a_downgrade_against_the_renewal_is_billed_once_at_one_price(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    """The page was opened on the last day; at the same moment its period is renewed."""
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    name = at.subscription().public_id
    clocks.move_to(clock.now() + timedelta(30), tick=False)
    outcomes = at_once(lambda: renewals.attempt(name), lambda: lower(When.AT_END, seen="0" * 64))
    settle_down(till)
    assert isinstance(outcomes[1], Refusal)
    assert (at.subscription().tier, at.subscription().period_start) == ("Pro", date(2026, 7, 1))
    assert [invoice.total for invoice in invoices()] == [5950, 5950]


def test_taking_back_against_the_renewal_bills_what_holds(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    lower(When.AT_END)
    name = at.subscription().public_id
    clocks.move_to(clock.now() + timedelta(30), tick=False)
    at_once(lambda: renewals.attempt(name), lambda: db.perform(service.take_back_downgrade, clerk, name))
    settle_down(till)
    found = at.subscription()
    assert (found.tier, found.unit_price, invoices()[-1].total) in [("Starter", 500, 2975), ("Pro", 1000, 5950)]
    assert (len(invoices()), found.planned_tier) == (2, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_the_guard_a_payment_cannot_carry_out_what_support_took_back(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the verb would miss, the settlement sees; the money becomes account credit."""
    at.bought(till, at.buy(5))
    lower(When.AT_END)
    name = at.subscription().public_id
    night(till, clocks, 7, 1)
    placed = pay(at)
    with pytest.raises(OrderUnderWay):
        db.perform(service.take_back_downgrade, clerk, name)
    monkeypatch.setattr(service, "under_way_on", lambda *_: None)
    db.perform(service.take_back_downgrade, clerk, name)
    assert placed.payment is not None
    till.enter_card(placed.payment)
    ordering.come_back(at.buyer, placed.order.public_id)
    assert (orders()[-1].state, credit_of(at.account), at.subscription().tier) == ("unapplied", 2975, "Pro")
