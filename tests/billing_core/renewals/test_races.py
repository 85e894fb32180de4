"""Renewal against itself, against cancel and against edit: one winner each time; with controls."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from time_machine import Traveller

from billing_core import clock, db
from billing_core.errors import Refusal
from billing_core.orders.online.wishes import Change
from billing_core.renewals import attempting, service
from tests.billing_core.orders.online.test_races import at_once
from tests.factories import cards
from tests.factories.nights import attempts, invoices, orders
from tests.factories.shop import Shop
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down

JULY = date(2026, 7, 1)


def due(at: Shop, till: CardTill, clocks: Traveller) -> str:
    """A subscription with a card, on the day of its renewal."""
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    clocks.move_to(clock.now() + timedelta(30), tick=False)
    return at.subscription().public_id


def test_two_workers_at_once_charge_once(at: Shop, till: CardTill, clocks: Traveller) -> None:
    name = due(at, till, clocks)
    at_once(*([lambda: service.attempt(name)] * 3))
    settle_down(till)
    assert (len(attempts()), len(till.charges()), len(invoices())) == (1, 2, 2)
    assert at.subscription().period_start == JULY


def test_renewal_against_cancel_has_one_winner(at: Shop, till: CardTill, clocks: Traveller) -> None:
    name = due(at, till, clocks)
    at_once(
        lambda: service.attempt(name), lambda: service.cancel(at.buyer, at.account.public_id, name),
    )  # fmt: skip
    settle_down(till)
    found = at.subscription()
    if found.period_start == JULY:  # renewed first; a cancellation that came in time is of the new period
        assert (len(till.charges()), len(invoices())) == (2, 2)
        assert found.status(JULY) in ("active", "pending_cancellation")
    else:
        assert (found.status(JULY), len(till.charges()), len(invoices())) == ("expired", 1, 1)


def test_renewal_against_edit_has_one_winner(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    clocks.move_to(clock.now() + timedelta(29), tick=False)
    name = at.subscription().public_id
    wish = Change(name, "Pro", 4, "monthly")
    seen = at.see(wish).digest
    clocks.shift(timedelta(1))

    def edit() -> None:
        with suppress(Refusal):
            at.order(wish, seen=seen)

    at_once(lambda: service.attempt(name), edit)
    settle_down(till)
    assert (at.subscription().seats, at.subscription().period_start, len(orders())) == (5, JULY, 2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_looking_at_earlier_attempts_the_index_refuses_a_second_one_of_the_day(
    at: Shop, till: CardTill, clocks: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the verbs would miss, the unique index stops."""
    name = due(at, till, clocks)
    monkeypatch.setattr(attempting, "under_way_on", lambda *_: None)
    monkeypatch.setattr(attempting.queries, "attempts", lambda *_: [])
    monkeypatch.setattr(attempting.schedule, "may_begin", lambda *_: True)
    db.perform(attempting.begin, name, False)
    with pytest.raises(Exception, match="UNIQUE"):
        db.perform(attempting.begin, name, False)
    monkeypatch.undo()
    service.attempt(name)
    assert len(till.charges()) == 2
