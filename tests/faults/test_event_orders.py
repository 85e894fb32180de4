"""The processor's messages in every order: five of them have 120 orders, and all end in the same rows.

`bin/prove payments` hands over all 120, each story on both databases, with the worker's jobs in between, after all, and
with every message twice; bin/test hands over twelve of two stories, six on each database.
"""

import json
from itertools import count, permutations, product
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from billing_core import db
from billing_core.people import Person
from tests.checker import audit
from tests.conftest import Database, empty
from tests.factories import core, ledger
from tests.factories.till import CardTill, impatient
from tests.faults import recorded
from tests.faults.ordeal import NOON
from tests.faults.quiet import settle_down, work_off
from tests.faults.recorded import STORIES, Story, final_state, hand_over, messages_of

MESSAGES = 5
ORDERS = list(permutations(range(MESSAGES)))
FEW = ORDERS[::11] + ORDERS[-1:]
"""Twelve: among them the order in which things happened, and its reverse."""
WAYS = ("jobs in between", "jobs in the end", "each message twice")


def tell(story: Story, order: tuple[int, ...], way: str, database: Database, place: Path) -> dict[str, list[str]]:
    """Live through the story, hear of it in that order, and see what is stored then."""
    empty()
    core._counter = count(1)  # every scene has the same names
    till = CardTill(place)
    account = core.account()
    contact: Person = core.contact(account)
    invoice = ledger.invoice(account, 10000)
    story.happen(till, core.viewer(contact), invoice)
    messages = messages_of(till, story)
    for number in order:
        for _ in range(2 if way == "each message twice" else 1):
            assert hand_over(messages[number]) == 200
        if way == "jobs in between":
            work_off()
    audit(database.url, till.path, quiet=False)
    work_off()
    state = final_state()
    settle_down(till)  # the other messages, and these once more: nothing moves any further
    audit(database.url, till.path, quiet=True)
    place.unlink()
    return state


def same_end(story: Story, orders: list[tuple[int, ...]], database: Database, place: Path) -> None:
    """All orders and ways end in the rows that the first of them leaves."""
    with time_machine.travel(NOON, tick=False), impatient():
        wanted = tell(story, ORDERS[0], WAYS[0], database, place)
        assert story.ends in "".join(wanted["payment"])
        assert len(wanted["processor_event"]) == MESSAGES
        told = product(orders, WAYS) if len(orders) > len(FEW) else zip(orders, WAYS * len(orders), strict=False)
        for order, way in told:
            state = tell(story, order, way, database, place)
            for table, rows in state.items():
                if rows != wanted[table]:
                    told_in = ", ".join(story.kinds[number] for number in order)
                    raise AssertionError(f"{table} ({way}; {told_in}): {first_difference(rows, wanted[table])}")


def first_difference(rows: list[str], wanted: list[str]) -> str:
    """Where two lists of rows part, with a little of what stands around."""
    found, should = "\n".join(rows), "\n".join(wanted)
    place = next(
        (n for n, (a, b) in enumerate(zip(found, should, strict=False)) if a != b), min(len(found), len(should))
    )
    around = slice(max(0, place - 80), place + 80)
    return f"{found[around]!r} instead of {should[around]!r}"


@pytest.mark.parametrize("name", ["declined, then paid", "paid, then taken back"])
def test_payments_end_alike_in_some_orders_of_messages(database: Database, tmp_path: Path, name: str) -> None:
    few = FEW[::2] if database.kind == "sqlite" else FEW[1::2]
    same_end(STORIES[name], few, database, tmp_path / "sandbox.sqlite")


@pytest.mark.prove
@pytest.mark.parametrize("name", STORIES)
def test_payments_end_alike_in_all_orders_of_messages(database: Database, tmp_path: Path, name: str) -> None:
    same_end(STORIES[name], ORDERS, database, tmp_path / "sandbox.sqlite")


def test_the_few_orders_are_spread() -> None:
    assert len(ORDERS) == 120
    assert len(FEW) == 12
    assert (tuple(range(MESSAGES)), tuple(reversed(range(MESSAGES)))) == (FEW[0], FEW[-1])
    assert {order.index(number) for order in FEW for number in order} == set(range(MESSAGES))


def test_the_comparison_sees_a_difference(database: Database) -> None:
    """Ids and times apart, nothing is overlooked: another amount is another end."""
    ledger.invoice(core.account(), 10000)
    before = final_state()
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE invoice SET title = 'another'")
    after = final_state()
    assert [name for name in before if before[name] != after[name]] == ["invoice"]


def test_the_control_that_believes_the_last_message_is_found_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gullible(message: bytes) -> int:
        with db.engine().begin() as connection:
            told = text("UPDATE payment SET review_note = :kind")
            connection.execute(told, {"kind": json.loads(message)["type"]})
        return recorded.hand_over(message)

    monkeypatch.setattr("tests.faults.test_event_orders.hand_over", gullible)
    story = STORIES["declined, then left"]
    with pytest.raises(AssertionError, match=r"payment \(jobs in between"):
        same_end(story, [FEW[-1]], database, tmp_path / "sandbox.sqlite")
