"""Two faults of the processor in the life of one payment: it is paid once, or nothing was taken, and all sides agree.

`bin/prove payments` lives through all 144 ordered pairs of 12 faults for payments in full, in part, in full after a
cancelled part, and with a card on file, on both databases; bin/test through each fault once as the first and once as
the second, on a hosted page and with a card on file.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import time_machine
from time_machine import Traveller

from billing_core.accounts import Account
from billing_core.payments.sharing import NEW_CARD, Means
from tests.conftest import Database
from tests.factories import cards, core, ledger
from tests.factories.till import impatient
from tests.faults.ordeal import NOON, ON_FILE, PART, PATIENCE, TOTAL, TROUBLES, WAYS, Ordeal, PatientTill
from tests.faults.quiet import settle_down

NAMES = list(TROUBLES)
SLOW = "slower than we wait"
DATABASES = ("sqlite", "postgresql")
FEW = [
    (DATABASES[place % 2], WAYS[place % 3], first, NAMES[(place + 5) % len(NAMES)]) for place, first in enumerate(NAMES)
]
"""Each fault once as the first and once as the second, spread over databases and ways."""
FEW += [
    (DATABASES[(place + 1) % 2], ON_FILE, first, NAMES[(place + 7) % len(NAMES)]) for place, first in enumerate(NAMES)
]
ALL = list(product(DATABASES, (*WAYS, ON_FILE), NAMES, NAMES))


@pytest.fixture
def clocks() -> Iterator[Traveller]:
    """Time passes only where the life says so, and the SDK repeats nothing by itself."""
    with time_machine.travel(NOON, tick=False) as moved, impatient():
        yield moved


def beginning(database: Database, clocks: Traveller, place: Path, way: str, *, slow: bool) -> Ordeal:
    """An open invoice of 100.00 and somebody who will pay it."""
    account: Account = core.account()
    invoice = ledger.invoice(account, TOTAL)
    payer = core.viewer(core.contact(account))
    till = PatientTill(place / "sandbox.sqlite", PATIENCE if slow else None)
    amount = PART if way == "in part" else None
    means = Means(cards.saved(till, account, payer).public_id) if way == ON_FILE else NEW_CARD
    settle_down(till)
    changes_mind = way == "after a cancellation"
    return Ordeal(till, clocks, database.url, payer, invoice, amount, means, changes_mind=changes_mind)


def survive(database: Database, clocks: Traveller, place: Path, way: str, first: str, second: str) -> None:
    """The whole life, and that exactly what was meant was paid."""
    life = beginning(database, clocks, place, way, slow=SLOW in (first, second))
    life.live(TROUBLES[first], TROUBLES[second])
    wanted = TOTAL if life.amount is None else life.amount
    assert [charge["amount_received"] for charge in life.till.things().taken] == [wanted], life.told
    assert ledger.reread(life.invoice).balance == TOTAL - wanted
    assert life.seen().state == "succeeded"
    assert life.till.sandbox.faults.waiting() == [], "a fault has not struck"


@pytest.mark.parametrize(("database", "way", "first", "second"), FEW, indirect=["database"])
def test_payments_survive_each_fault_in_a_pair(
    database: Database, clocks: Traveller, tmp_path: Path, way: str, first: str, second: str
) -> None:
    survive(database, clocks, tmp_path, way, first, second)


@pytest.mark.prove
@pytest.mark.parametrize(("database", "way", "first", "second"), ALL, indirect=["database"])
def test_payments_survive_all_pairs_of_faults(
    database: Database, clocks: Traveller, tmp_path: Path, way: str, first: str, second: str
) -> None:
    survive(database, clocks, tmp_path, way, first, second)


def test_the_few_are_each_fault_on_both_places() -> None:
    for few in ([life for life in FEW if life[1] != ON_FILE], [life for life in FEW if life[1] == ON_FILE]):
        assert [first for _, _, first, _ in few] == NAMES
        assert sorted(second for _, _, _, second in few) == sorted(NAMES)
    assert len(NAMES) == 12


@pytest.mark.parametrize(("way", "found"), [("in full", "at most one session"), (ON_FILE, "at most one intent")])
def test_the_control_without_the_same_key_is_found_out(
    database: Database, clocks: Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, found: str
) -> None:
    """Each repeat makes a new page or charge: the checker must see it, or the lives above prove nothing."""
    life = beginning(database, clocks, tmp_path, way, slow=False)
    request = life.till.line.request

    def careless(method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **more: Any) -> Any:
        return request(method, url, {k: v for k, v in headers.items() if k != "Idempotency-Key"}, post_data, **more)

    monkeypatch.setattr(life.till.line, "request", careless)
    with pytest.raises(AssertionError, match=found):
        life.live(TROUBLES["time-out after the effect"], TROUBLES["429"])
