"""Two tabs pay the full balance at the same moment, on a real server with two processes and the sandbox.

Exactly one attempt holds the money, its card is charged once, and it is booked once although the return page is opened
by several at once. The control runs without the hold and must see the invoice charged more than once.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments.models import Payment
from billing_core.people import Person
from tests.checker import audit
from tests.concurrency.server import Answer, Browser, Server, at_once, running
from tests.conftest import SECRET, Database
from tests.factories import core as make
from tests.factories import ledger

ROUNDS, TABS = 8, 4
TOTAL = 11900


def open_invoices(number: int) -> tuple[Person, list[Invoice]]:
    """A contact who may pay, and that many open invoices."""
    account = make.account()
    contact = make.contact(account)
    return contact, [ledger.invoice(account, total=TOTAL, contact=contact) for _ in range(number)]


def press_pay(server: Server, contact: Person, invoice: Invoice) -> list[tuple[Browser, Answer]]:
    """Several tabs, each with a form of its own, ask to pay all at once."""
    path = f"/invoices/{invoice.public_id}/pay"
    tabs = [Browser(server).sign_in(contact) for _ in range(TABS)]
    forms = [tab.get(path).form("/pay") for tab in tabs]
    answers = at_once([lambda t=t, f=f: t.post(path, f) for t, f in zip(tabs, forms, strict=True)])
    return list(zip(tabs, answers, strict=True))


def enter_card(tab: Browser, hosted: str) -> Answer:
    """What the payer does on the hosted page."""
    place = hosted.removeprefix(tab.server.url)
    return tab.post(place, tab.get(place).form() | {"card": "pm_card_visa"})


def charges(data_dir: Path) -> int:
    """How often the sandbox took money, read from its own file."""
    with closing(sqlite3.connect(data_dir / "sandbox.sqlite")) as store:
        taken: int = store.execute("SELECT count(*) FROM object WHERE kind = 'charge'").fetchone()[0]
    return taken


def test_one_of_several_tabs_pays(database: Database, tmp_path: Path, tell: Callable[[str], None]) -> None:
    contact, invoices = open_invoices(ROUNDS)
    with running(database.url, tmp_path, SECRET) as server:
        for invoice in invoices:
            pressed = press_pay(server, contact, invoice)
            assert {answer.status for _, answer in pressed} <= {303, 409}, [answer.h1 for _, answer in pressed]
            ((tab, winner),) = [(tab, answer) for tab, answer in pressed if answer.status == 303]
            back = enter_card(tab, winner.location)
            assert back.status == 303, back.h1
            returned = back.location.removeprefix(server.url)
            settled = at_once([lambda t=t, r=returned: t.get(r) for t, _ in pressed])
            assert {answer.status for answer in settled} <= {200, 303}
    with db.reading() as session:
        assert set(session.scalars(select(Invoice.balance))) == {0}
        assert session.scalars(select(Allocation.amount)).all() == [TOTAL] * ROUNDS
        assert session.scalar(select(func.count()).select_from(Payment)) == ROUNDS
        receipts = select(func.count()).select_from(OutboxMail).where(OutboxMail.kind == "payment-receipt")
        assert session.scalar(receipts) == ROUNDS
    assert charges(tmp_path) == ROUNDS
    audit(database.url, tmp_path / "sandbox.sqlite", quiet=False)
    tell(f"pay against pay, {database.kind}: {ROUNDS * TABS} attempts, {ROUNDS} charges on {ROUNDS} invoices")


def test_the_control_without_the_hold_charges_twice(
    database: Database, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    contact, (invoice,) = open_invoices(1)
    with running(database.url, tmp_path, SECRET, without="hold") as server:
        winners = [(tab, answer) for tab, answer in press_pay(server, contact, invoice) if answer.status == 303]
        for tab, winner in winners:
            enter_card(tab, winner.location)
    taken = charges(tmp_path)
    assert taken > 1, "the race did not happen, so the test above proves nothing"
    with pytest.raises(AssertionError, match="settled and held beyond its total"):
        audit(database.url, tmp_path / "sandbox.sqlite", quiet=False)
    tell(f"pay against pay, {database.kind}, control: {TABS} attempts, {taken} charges on 1 invoice")
