"""Online orders and renewals at the same moment, on a real server with two processes and the sandbox.

One form is sent again and again; tabs of two contacts buy one product, or edit one subscription; at midnight a period
ends, and two workers renew it while contacts cancel or edit it. What is charged is what is carried out, and that once.
The control prices and looks before the transaction only. `bin/prove races` runs ten thousand attempts of each, half on
each database.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from billing_core import clock, db
from billing_core.renewals import service as renewals
from tests.concurrency.money import DONE, REFUSED, audit_everything
from tests.concurrency.order_stage import CHANCE, NEARLY, TABS, Came, Stage, on_stage
from tests.concurrency.server import Answer, Browser, at_once
from tests.concurrency.uniques_off import without_uniques
from tests.conftest import Database, empty

ROUNDS, VERY_MANY = 2, 625
"""Races of each kind on each database: 32 attempts on both together, and 10,000."""
WORKERS = 2
"""Of the eight who press where a renewal is due."""

Press = Callable[[], Answer | None]


def same_form(stage: Stage) -> Came:
    """All tabs of one contact send one form."""
    stage.begin()
    (seen, _), key = stage.put_in_carts(*[stage.at.buy()] * 2), db.public_id("form")
    return pressed(stage, [(tab, seen, key) for tab in stage.tabs[0]])


def two_forms(stage: Stage) -> Came:
    """Two contacts with four tabs each, every tab with a form of its own."""
    stage.begin()
    return pressed(stage, forms(stage, stage.put_in_carts(*[stage.at.buy()] * 2), TABS))


def two_edits(stage: Stage) -> Came:
    """The same, about seats of one subscription: each contact wants another number."""
    stage.begin()
    presses = forms(stage, stage.edits(stage.buy()), TABS)
    came = pressed(stage, presses)
    assert not [one for one, (_, seen, _) in zip(came.answers, presses, strict=True) if seen in one.text]
    assert stage.at.subscription().seats in came.seats
    return came


def forms(stage: Stage, seen: list[str], number: int) -> list[tuple[Browser, str, str]]:
    """So many tabs, half of each contact, with what each shows and the key of its form."""
    tabs = [(tab, shown) for tabs, shown in zip(stage.tabs, seen, strict=True) for tab in tabs[: number // 2]]
    return [(tab, shown, db.public_id("form")) for tab, shown in tabs]


def pressed(stage: Stage, presses: list[tuple[Browser, str, str]]) -> Came:
    """Place Order, at nearly the same moment; every other race with a card that is entered by hand."""
    by_hand = stage.races % 2 == 0

    def press(tab: Browser, seen: str, key: str) -> Answer:
        time.sleep(CHANCE.uniform(0, NEARLY))
        return stage.press_place(tab, seen, key, by_hand=by_hand)

    with stage.watching() as what_came:
        return what_came(at_once([partial(press, *one) for one in presses]))


def renewal_against_cancel(stage: Stage) -> Came:
    """Two workers renew what contacts cancel."""
    stage.begin()
    subscription = stage.buy_due()
    tabs = [tab for tabs in stage.tabs for tab in tabs[: (TABS - WORKERS) // 2]]
    return around_midnight(stage, subscription, [partial(stage.press_cancel, tab, subscription) for tab in tabs])


def renewal_against_edit(stage: Stage) -> Came:
    """Two workers renew what contacts edit, who have seen the sums of the last day."""
    stage.begin()
    subscription = stage.buy_due()
    presses = forms(stage, stage.edits(subscription), TABS - WORKERS)
    return around_midnight(stage, subscription, [partial(stage.press_place, *one) for one in presses])


def around_midnight(stage: Stage, subscription: str, presses: list[Press]) -> Came:
    """Contacts press so early that some are in time, and the workers begin when the period is over."""
    stage.moved.put(stage.midnight - timedelta(seconds=stage.lead + NEARLY))

    def press(deed: Press) -> Answer | None:
        time.sleep(CHANCE.uniform(0, 2 * NEARLY))
        return deed()

    def renew() -> None:
        time.sleep(max((stage.midnight - clock.now()).total_seconds(), 0) + CHANCE.uniform(0, NEARLY))
        renewals.attempt(subscription)

    deeds: list[Press] = [partial(press, deed) for deed in presses]
    with stage.watching(subscription) as what_came:
        came = what_came(at_once([*deeds, *[renew] * WORKERS]))
    stage.lead = min(max(stage.lead * (1.25 if "renew" in came.winners else 0.8), 0.005), 0.5)
    return came


@dataclass(frozen=True)
class Kind:
    """A race, and what may come of it."""

    run: Callable[[Stage], Came]
    outcomes: tuple[tuple[str, ...], ...]
    """What may be carried out."""
    told: Callable[[Came], int]
    """How many may be told that it is done: led on."""
    histories: tuple[tuple[str, ...], ...] = ((),)
    """What may happen to a subscription, in its order."""


KINDS = {
    "a form against itself": Kind(same_form, (("start",),), lambda _: TABS),
    "order against order": Kind(two_forms, (("start",),), lambda _: 1),
    "edit against edit": Kind(two_edits, (("change",),), lambda _: 1),
    "renewal against cancel": Kind(
        renewal_against_cancel, (("renew",), ()), lambda _: TABS - WORKERS,
        (("renewed",), ("cancelled",), ("renewed", "cancelled")),
    ),
    "renewal against edit": Kind(
        renewal_against_edit, (("renew",), ("change",)), lambda came: came.winners.count("change"),
        (("renewed",), ("changed",)),
    ),
}  # fmt: skip


def complaints(kind: Kind, came: Came) -> list[str]:
    """What is wrong with money and orders after one race."""
    found = []
    if came.charged != came.asked:
        found.append(f"{came.charged} charged, {came.asked} owed: {came.orders}")
    if tuple(came.winners) not in kind.outcomes or not {state for _, state in came.orders} <= {"fulfilled", "void"}:
        found.append(f"orders: {came.orders}")
    is_told = ("renew" in came.winners) == ("renewed" in came.history)
    if tuple(came.history) not in kind.histories or not is_told:
        found.append(f"history: {came.history}, orders: {came.orders}")
    return found


def judge(kind: Kind, came: Came) -> None:
    assert not complaints(kind, came)
    assert {answer.status for answer in came.answers} <= {DONE, *REFUSED}, [(a.status, a.h1) for a in came.answers]
    assert not [answer.path for answer in came.answers if "sign-in" in answer.location]
    assert sum(answer.status == DONE for answer in came.answers) == kind.told(came), came


def prove(database: Database, tmp_path: Path, tell: Callable[[str], None], rounds: int) -> None:
    """Races of every kind, one kind after the other."""
    with on_stage(database, tmp_path) as stage:
        for name, kind in KINDS.items():
            won: list[str] = []
            for _ in range(rounds):
                came = kind.run(stage)
                judge(kind, came)
                won += came.winners
            times = ", ".join(f"{won.count(effect)} times {effect}" for effect in sorted(set(won))) or "nothing"
            tell(f"{name}, {database.kind}: {rounds * TABS} attempts, carried out: {times}, of {rounds}")
        stage.end()
        audit_everything(stage.till, database)


def test_orders_are_carried_out_once(database: Database, tmp_path: Path, tell: Callable[[str], None]) -> None:
    prove(database, tmp_path, tell, ROUNDS)


@pytest.mark.prove
def test_orders_are_carried_out_once_in_very_many_races(
    database: Database, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    prove(database, tmp_path, tell, VERY_MANY)


MOST_TRIES = 20


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_control_of_order_races_is_found_out(
    database: Database, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    tables = ("online_order", "online_order_line", "payment")
    with without_uniques(*tables), on_stage(database, tmp_path, "another-price") as stage:
        for name, kind in KINDS.items():
            for tried in range(1, MOST_TRIES + 1):
                found = complaints(kind, kind.run(stage))
                stage.forget_credit()
                if found:
                    tell(f"{name}, {database.kind}, control: found out in race {tried}, {found[0]}")
                    break
            else:
                pytest.fail(f"{name} did not happen, so the test above proves nothing")
    empty()
