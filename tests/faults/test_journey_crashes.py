"""A death at the points that orders and renewals pass, whoever goes on with them: web, webhook, worker or reconciler.

What is left converges, is done once more, and is then there once. bin/test dies where test_order_crashes and
test_renewal_crashes do not; `bin/prove crashes` at every point of every journey. The control takes the money in the
call that makes the charge, under a key that it forgets: that is found out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from billing_core import clock, db
from billing_core.orders.online.wishes import Try
from billing_core.payments import stripe_cards
from billing_core.payments.gateway import ChargeRequest, SessionState
from billing_core.payments.processor import processor
from billing_core.payments.sharing import Means
from billing_core.renewals import attempting, queries
from billing_core.renewals import service as renewals
from tests.checker import audit
from tests.conftest import Database
from tests.factories import cards
from tests.factories.till import CardTill
from tests.faults.countdown import Deed, die_and_go_on, die_at_every_point
from tests.faults.town import Town

MADE = ["payment.begun", "processor.created", "payment.opened"]
ASKED = ["processor.asked", "payment.booked", "payment.settled"]
CHARGED = ["processor.charged", "payment.booked", "payment.settled"]


def on_page(teller: str) -> Callable[[Town], list[Deed]]:
    """An order that is paid on the processor's page, and who tells of it first."""

    def begin(town: Town) -> list[Deed]:
        town.newcomer()
        tellers = {"web": town.come_back, "webhook": town.till.deliver, "worker": town.work,
                   "reconciler": town.look_later}  # fmt: skip
        return [town.placing(town.at.buy()), town.enter_card, tellers[teller]]

    return begin


def with_card_kept(town: Town) -> list[Deed]:
    """The same, and the card is kept."""
    town.newcomer()
    return [town.placing(town.at.buy(), Means(keep=True)), town.enter_card, town.come_back]


def on_file(town: Town) -> list[Deed]:
    """With a card on file: one press."""
    at = town.newcomer()
    card = cards.saved(town.till, at.account, at.buyer)
    return [town.placing(at.buy(), Means(card.public_id))]


def with_bank(town: Town) -> list[Deed]:
    """With a card on file whose bank asks its owner."""
    at = town.newcomer()
    card = cards.saved(town.till, at.account, at.buyer, "pm_card_authenticationRequired")
    return [town.placing(at.buy(), Means(card.public_id)), town.enter_card, town.come_back]


def for_nothing(town: Town) -> list[Deed]:
    """A trial, which is carried out at once."""
    town.newcomer()
    return [town.placing(Try(town.at.product.code, "Pro", 5))]


def due(town: Town, card: str = "pm_card_visa") -> str:
    """A subscription whose period is over, and a card on file."""
    at = town.newcomer()
    at.bought(town.till, at.buy())
    cards.saved(town.till, at.account, at.buyer, card)
    return at.make_due(clock.today(at.account.timezone))


def by_worker(town: Town) -> list[Deed]:
    """A renewal, as the worker does it."""
    name = due(town)
    return [lambda: renewals.attempt(name)]


def by_reconciler(town: Town) -> list[Deed]:
    """The worker died before it went to the processor; the reconciler goes on."""
    db.perform(attempting.begin, due(town), processor().livemode)
    return [town.look_later]


def by_hand(town: Town) -> list[Deed]:
    """The card on file was declined, and a contact pays with another one."""
    name = due(town, "pm_card_chargeCustomerFail")
    renewals.attempt(name)
    at = town.at
    with db.reading():
        seen = queries.overdue(at.buyer, name)[1].digest
    pay = lambda: renewals.pay_renewal(at.buyer, at.account.public_id, name, seen, "form_2")  # noqa: E731
    return [pay, town.enter_card, town.come_back]


@dataclass(frozen=True)
class Journey:
    """How it begins, the points that it passes when nothing happens, and where bin/test lets it die."""

    begin: Callable[[Town], list[Deed]]
    points: list[str]
    dies_at: tuple[str, ...] = ()
    judge: Callable[[Town], None] = Town.is_bought_once


JOURNEYS = {
    "web": Journey(on_page("web"), MADE + ASKED),
    "webhook": Journey(on_page("webhook"), [*MADE, "event.noted", *ASKED], ("payment.settled",)),
    "worker": Journey(on_page("worker"), MADE + ASKED, ("payment.booked",)),
    "reconciler": Journey(on_page("reconciler"), MADE + ASKED, ("payment.booked",)),
    "card kept": Journey(with_card_kept, [*MADE, "processor.knows_customer", *ASKED], ("processor.knows_customer",)),
    "card on file": Journey(on_file, MADE + CHARGED),
    "bank asks": Journey(
        with_bank, [*MADE, "processor.confronted", "payment.confronted", *ASKED],
        ("processor.confronted", "payment.confronted"),
    ),
    "nothing to pay": Journey(for_nothing, ["payment.begun"], ("payment.begun",), Town.is_tried_once),
    "renewal": Journey(by_worker, [*MADE, *CHARGED, "renewal.charged"], (), Town.is_renewed_once),
    "renewal by the reconciler": Journey(
        by_reconciler, [*MADE[1:], *CHARGED], ("processor.charged",), Town.is_renewed_once
    ),
    "renewal by hand": Journey(by_hand, MADE + ASKED, ("payment.booked",), Town.is_renewed_once),
}  # fmt: skip


def is_last(point: str, passed: Sequence[str]) -> bool:
    """It is where the journey has come to."""
    return passed[-1] == point


def test_a_death_where_no_other_test_dies(database: Database, till: CardTill) -> None:
    town = Town(till)
    for journey in JOURNEYS.values():
        begin, judge = partial(journey.begin, town), partial(journey.judge, town)
        for point in journey.dies_at:
            is_there = partial(is_last, point)
            assert is_there(die_and_go_on(begin, is_there, town.converge_soon, judge))
    audit(database.url, till.path, quiet=True)


@pytest.mark.prove
@pytest.mark.parametrize("name", JOURNEYS)
def test_a_death_at_every_point(database: Database, till: CardTill, name: str) -> None:
    town, journey = Town(till), JOURNEYS[name]
    begin, judge = partial(journey.begin, town), partial(journey.judge, town)
    passed = die_at_every_point(begin, town.converge, judge)
    assert set(passed) == set(journey.points)
    audit(database.url, till.path, quiet=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["card on file", "renewal"])
def test_the_control_of_deaths_is_found_out(
    database: Database, till: CardTill, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def charge_at_once(request: ChargeRequest) -> SessionState:
        asked, key = stripe_cards.charge_parameters(request), db.public_id("key")
        made = till.stripe.v1.payment_intents.create(asked, {"idempotency_key": key})
        return till.gateway.charge(made.id)

    monkeypatch.setattr(till.gateway, "create_charge", charge_at_once)
    town, journey = Town(till), JOURNEYS[name]
    begin, judge = partial(journey.begin, town), partial(journey.judge, town)
    die_and_go_on(begin, lambda _: False, int, judge)
    with pytest.raises(AssertionError, match=r"after payment\.begun, processor\.created: "):
        die_and_go_on(begin, partial(is_last, "processor.created"), int, judge)
