"""Two tabs, a webhook and a cancellation at the same moment: one order, one change, one charge; with a control."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from billing_core import db
from billing_core.errors import Refusal
from billing_core.orders.online import pricing, refusals
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Change
from billing_core.payments import ordering
from billing_core.payments.ordering import Placed
from billing_core.payments.sharing import Means
from tests.factories import cards
from tests.factories.shop import Shop
from tests.factories.till import CardTill

T = TypeVar("T")


def at_once(*deeds: Callable[[], T]) -> list[T | Refusal]:
    """All at the same moment; a refusal is an outcome."""
    barrier = Barrier(len(deeds))

    def do(deed: Callable[[], T]) -> T | Refusal:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def states() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OnlineOrder.state).order_by(OnlineOrder.id)))


def test_the_same_form_twice_at_once_is_one_order(at: Shop, till: CardTill) -> None:
    card, seen = cards.saved(till, at.account, at.buyer), at.see(at.buy()).digest
    press = lambda: at.order(at.buy(), form="form_1", seen=seen, means=Means(card.public_id))  # noqa: E731
    outcomes = at_once(press, press, press, press)
    assert len({one.order.public_id for one in outcomes if isinstance(one, Placed)}) == 1
    assert (states(), len(at.subscriptions()), len(till.charges())) == (["fulfilled"], 1, 1)


def test_two_tabs_buy_the_same_product_once(at: Shop, till: CardTill) -> None:
    card, seen = cards.saved(till, at.account, at.buyer), at.see(at.buy()).digest
    press = lambda: at.order(at.buy(), seen=seen, means=Means(card.public_id))  # noqa: E731
    outcomes = at_once(press, press, press)
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    assert (len(refused), len(till.charges()), len(at.subscriptions()), states()) == (2, 1, 1, ["fulfilled"])
    assert all(isinstance(one, refusals.OrderUnderWay | refusals.AlreadySubscribed) for one in refused)


def test_two_tabs_edit_one_subscription_one_after_the_other(at: Shop, till: CardTill) -> None:
    at.bought(till, at.buy(5))
    wishes = [Change(at.subscription().public_id, "Pro", seats, "monthly") for seats in (4, 3)]
    digests = [at.see(wish).digest for wish in wishes]
    outcomes = at_once(*(
        lambda wish=wish, seen=seen: at.order(wish, seen=seen) for wish, seen in zip(wishes, digests, strict=True)
    ))  # fmt: skip
    (refused,) = [one for one in outcomes if isinstance(one, Refusal)]
    assert isinstance(refused, refusals.PreviewStale)
    assert at.subscription().seats in (3, 4)


def test_settlement_against_cancellation_is_one_of_the_two(at: Shop, till: CardTill) -> None:
    placed = at.order(at.buy())
    assert placed.payment is not None
    till.enter_card(placed.payment)
    at_once(
        lambda: ordering.come_back(at.buyer, placed.order.public_id), till.deliver,
        lambda: ordering.cancel_order(at.buyer, placed.order.public_id),
    )  # fmt: skip
    assert (states(), len(at.subscriptions()), len(till.charges())) == (["fulfilled"], 1, 1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_the_guards_the_index_still_refuses_a_second_live_one(
    at: Shop, till: CardTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the verbs look, and what they would miss the unique index stops."""
    at.bought(till, at.buy())
    monkeypatch.setattr(pricing, "of_product", lambda *_: [])
    monkeypatch.setattr("billing_core.subscriptions.online.of_product", lambda *_: [])
    card = cards.saved(till, at.account, at.buyer)
    done = at.order(at.buy(), means=Means(card.public_id))
    assert (done.order.state, done.order.reason, len(at.subscriptions())) == ("unapplied", "IntegrityError", 1)
    assert IntegrityError.__name__ == done.order.reason
