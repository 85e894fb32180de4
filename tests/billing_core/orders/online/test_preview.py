"""Whatever is changed in whatever order: what was seen is what is charged, and no money is made or lost on the way."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from time_machine import Traveller

from billing_core import db
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.online import refusals
from billing_core.orders.online.ending import cancel_subscription
from billing_core.orders.online.wishes import Buy, Change
from billing_core.payments.models import Payment
from billing_core.payments.sharing import Means
from tests.factories import cards
from tests.factories.shop import Shop, credit_of
from tests.factories.till import CardTill

TIERS = ("Starter", "Pro", "Plus")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_seen_is_what_is_charged(at: Shop, till: CardTill, clocks: Traveller, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    means = Means(cards.saved(till, at.account, at.buyer).public_id)
    at.order(at.buy(3), means=means)
    total = charged = placed_orders = 0
    while placed_orders < 8:
        clocks.shift(timedelta(days=chance.randrange(0, 9)))
        running = at.subscription()
        plan = (chance.choice(TIERS), chance.randrange(1, 8), chance.choice(["monthly", "yearly"]))
        wish = Change(running.public_id, *plan)
        try:
            seen = at.see(wish)
        except (refusals.TierDowngrade, refusals.NothingChanges):
            continue
        except refusals.RenewalUnpaid:
            db.perform(cancel_subscription, at.buyer, at.account.public_id, running.public_id)
            wish = Buy(at.product.code, *plan)  # type: ignore[assignment]
            seen = at.see(wish)
        before = credit_of(at.account)
        done = at.order(wish, seen=seen.digest, means=means)
        assert done.order.state == "fulfilled"
        assert (done.payment.amount if done.payment else 0) == seen.charge
        assert credit_of(at.account) == before - seen.order.credit_used + seen.order.credited
        total += seen.order.total
        charged += seen.charge
        placed_orders += 1
        after = at.subscription()
        assert (after.period_start, after.period_end) == (
            seen.order.lines[0].period_start, seen.order.lines[0].period_end,
        )  # fmt: skip
    with db.reading() as session:
        billed = session.scalar(select(func.sum(Invoice.total))) or 0
        owed = session.scalar(select(func.sum(Invoice.balance))) or 0
        noted = session.scalar(select(func.sum(CreditNote.total))) or 0
        paid = session.scalar(select(func.sum(Payment.amount))) or 0
    first = 3570
    assert (billed - noted, paid) == (first + total, first + charged)
    assert billed - noted == paid + owed - credit_of(at.account)
