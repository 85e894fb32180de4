"""Money that several move at the same moment, on a real server with two processes and the sandbox.

Tabs pay against tabs, and against a clerk who presses Book again and again; the webhook, the return page
and the reconciler tell of one payment; clerks send the same money back. Nothing is charged, booked or sent back twice,
and nothing is lost. Each kind has its control. `bin/prove races` runs ten thousand attempts of each, half on each
database.
"""

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import pytest
import stripe
from sqlalchemy import update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.payments import service
from billing_core.payments.models import Payment
from billing_core.permissions import Realm
from tests.concurrency.money import DONE, REFUSED, audit_everything, enter_card_if_open, sums
from tests.concurrency.server import Answer, Browser, Server, at_once, running
from tests.conftest import SECRET, Database, empty
from tests.factories import core, ledger
from tests.factories.till import CardTill

TOTAL = 11900
PRESSES = 16
"""Attempts of one race."""
ROUNDS, VERY_MANY = 16, 313
"""Races of each kind on each database: 512 attempts on both together, and 10,016."""
CHANCE, NEARLY = random.Random(11), 0.02  # noqa: S311 - no secret
COMPLETED = "SELECT body FROM object WHERE kind = 'event' AND type = 'checkout.session.completed' ORDER BY seq DESC"


@dataclass
class Stage:
    """A contact with several tabs, two clerks with eight each, and the processor whose file the server works with."""

    server: Server
    account: Account
    till: CardTill
    tabs: list[Browser] = field(default_factory=list)
    clerks: list[Browser] = field(default_factory=list)
    tokens: dict[int, str] = field(default_factory=dict)

    def open(self) -> None:
        """Everybody signs in, once."""
        contact = core.contact(self.account)
        self.payer = core.viewer(contact)
        staff = [core.staff("finance") for _ in range(2)]
        invoice = ledger.invoice(self.account, TOTAL)
        for _ in range(PRESSES):
            self.tabs.append(
                self._signed_in(Browser(self.server).sign_in(contact), f"/invoices/{invoice.public_id}/pay")
            )
        for clerk in staff * (PRESSES // 2):
            at_desk = Browser(self.server).sign_in(clerk, Realm.DESK)
            self.clerks.append(self._signed_in(at_desk, f"/desk/accounts/{self.account.public_id}/money/book"))
        pay_by_card(self, invoice)

    def _signed_in(self, browser: Browser, path: str) -> Browser:
        self.tokens[id(browser)] = browser.get(path).form()["csrf_token"]
        return browser

    def post(self, browser: Browser, path: str, fields: dict[str, str]) -> Answer:
        """A form of a page that this browser has seen, at nearly the same moment as the others'."""
        time.sleep(CHANCE.uniform(0, NEARLY))
        return browser.post(path, fields | {"csrf_token": self.tokens[id(browser)]})


@contextmanager
def on_stage(database: Database, tmp_path: Path, without: str = "") -> Iterator[Stage]:
    """Server, people and processor."""
    account = core.account()
    with running(database.url, tmp_path, SECRET, without=without) as server:
        stage = Stage(server, account, CardTill(tmp_path / "sandbox.sqlite", SECRET))
        stage.open()
        yield stage


def pay_by_card(stage: Stage, invoice: Invoice, *, settle: bool = True) -> Payment:
    """The invoice, paid on the hosted page; not told to anybody yet unless `settle`."""
    payment = service.pay_invoice(stage.payer, invoice.public_id, None)
    stage.till.enter_card(payment)
    return service.settle(payment.public_id) if settle else payment


def press_pay(stage: Stage, invoice: Invoice, at: int) -> Answer:
    """Pay in full, from a tab of its own."""
    fields = {"share": "full", "card": "new", "form_key": db.public_id("form"), "seen": str(TOTAL), "amount": ""}
    answer = stage.post(stage.tabs[at], f"/invoices/{invoice.public_id}/pay", fields)
    if answer.status == DONE and "/sandbox/" in answer.location:
        enter_card_if_open(stage.till, stage.tabs[at], answer.location)
    return answer


def press_book(stage: Stage, invoice: Invoice, key: str) -> Answer:
    """The clerk books the transfer; where the invoice was paid meanwhile, it becomes credit at the second attempt."""
    path = f"/desk/accounts/{stage.account.public_id}/money/book"
    fields = {
        "key": key, "method": "bank_transfer", "amount": "119.00", "received_on": clock.now().date().isoformat(),
        "reference": invoice.number, "note": "", "act": "book",
    }  # fmt: skip
    share = {"shares-0-invoice": invoice.public_id, "shares-0-amount": "119.00"}
    answer = stage.post(stage.clerks[0], path, fields | share)
    return stage.post(stage.clerks[0], path, fields) if answer.status in REFUSED else answer


def press_refund(stage: Stage, payment: Payment, invoice: Invoice, at: int) -> Answer:
    """All of it back to the card."""
    fields = {
        "key": f"{CHANCE.getrandbits(128):032x}", "reason": "Paid twice", "parts-0-part": invoice.public_id,
        "parts-0-amount": "119.00",
    }  # fmt: skip
    return stage.post(stage.clerks[at], f"/desk/payments/{payment.public_id}/refund", fields)


def pay_against_pay(stage: Stage, invoice: Invoice) -> int:
    """All tabs pay in full; how many were led to a hosted page."""
    answers = at_once([partial(press_pay, stage, invoice, at) for at in range(PRESSES)])
    assert {answer.status for answer in answers} <= {DONE, 409}, [(a.status, a.h1) for a in answers]
    return sum(answer.status == DONE for answer in answers)


def pay_against_booking(stage: Stage, invoice: Invoice) -> int:
    """Tabs pay in full while a clerk presses Book again and again; how many were led to a page."""
    key, half = f"{CHANCE.getrandbits(128):032x}", PRESSES // 2
    presses = [partial(press_pay, stage, invoice, at) for at in range(half)]
    answers = at_once([*presses, *(partial(press_book, stage, invoice, key) for _ in range(half))])
    paying, booking = answers[:half], answers[half:]
    assert {answer.status for answer in paying} <= {DONE, 409}, [(a.status, a.h1) for a in paying]
    assert {answer.status for answer in booking} == {DONE}, [(a.status, a.h1) for a in booking]
    return sum(answer.status == DONE for answer in paying)


def all_who_tell(stage: Stage, invoice: Invoice) -> int:
    """The webhook, the return page and the reconciler tell of one payment, again and again; 1, for one was made."""
    payment = pay_by_card(stage, invoice, settle=False)
    due = update(Payment).where(Payment.id == payment.id).values(check_at=clock.now())
    db.perform(lambda: db.session().execute(due))
    with closing(sqlite3.connect(stage.till.path)) as store:
        message = json.dumps(json.loads(store.execute(COMPLETED).fetchone()[0]), indent=2)

    def hook() -> int:
        return post_webhook(stage.server, message)

    def come_back() -> int:
        time.sleep(CHANCE.uniform(0, NEARLY))
        return stage.tabs[next(tab)].get(f"/payments/{payment.public_id}?returned=1").status

    def look() -> int:
        time.sleep(CHANCE.uniform(0, NEARLY))
        service.reconcile_due()
        return 200

    tab = count()
    statuses = at_once([hook] * 8 + [come_back] * 6 + [look] * 2)
    assert set(statuses) <= {200, DONE}, statuses
    return 1


def post_webhook(server: Server, message: str) -> int:
    """As the processor sends it, through a socket."""
    time.sleep(CHANCE.uniform(0, NEARLY))
    signature = stripe.WebhookSignature.generate_signature_header(message, SECRET)
    with closing(HTTPConnection(server.host, server.port, timeout=60)) as connection:
        headers = {"Stripe-Signature": str(signature), "Content-Type": "application/json"}
        connection.request("POST", "/webhooks/stripe", message.encode(), headers)
        return connection.getresponse().status


def refund_against_refund(stage: Stage, invoice: Invoice) -> int:
    """Two clerks with eight tabs each send all of a payment back; how many did."""
    payment = pay_by_card(stage, invoice)
    answers = at_once([partial(press_refund, stage, payment, invoice, at) for at in range(PRESSES)])
    assert {answer.status for answer in answers} <= {DONE, *REFUSED}, [(a.status, a.h1) for a in answers]
    return sum(answer.status == DONE for answer in answers)


Kind = Callable[[Stage, Invoice], int]


@dataclass(frozen=True)
class Race:
    """What is set against what, the guard that its control leaves out, and what must come of it."""

    run: Kind
    guard: str
    winners: range
    """How many of those who press may be told that it is done (of those who pay or send back)."""


RACES = {
    "pay against pay": Race(pay_against_pay, "hold", range(1, 2)),
    "pay against bank booking": Race(pay_against_booking, "rest", range(2)),
    "webhook against return page against reconciler": Race(all_who_tell, "memory", range(1, 2)),
    "refund against refund": Race(refund_against_refund, "comparison", range(1, 2)),
}


def judge(stage: Stage, database: Database, bookings: int) -> None:
    """Nothing was moved twice, and nothing is lost."""
    assert audit_everything(stage.till, database)["transferred"] == TOTAL * bookings


def race(stage: Stage, kind: Race, rounds: int) -> list[int]:
    """So many races, each about an invoice of its own."""
    invoices = [ledger.invoice(stage.account, TOTAL) for _ in range(rounds)]
    return [kind.run(stage, invoice) for invoice in invoices]


def prove(name: str, database: Database, tmp_path: Path, tell: Callable[[str], None], rounds: int) -> None:
    kind = RACES[name]
    with on_stage(database, tmp_path) as stage:
        before = sums(stage.till)
        winners = race(stage, kind, rounds)
        assert set(winners) <= set(kind.winners), winners
        judge(stage, database, rounds if kind.run is pay_against_booking else 0)
        found = sums(stage.till)
    charged = (found["by_card"] - before["by_card"]) // TOTAL
    back = (found["sent_back"] - before["sent_back"]) // TOTAL
    assert charged == (sum(winners) if kind.run is not pay_against_booking else charged)
    assert back == (rounds if kind.run is refund_against_refund else 0)
    tell(f"{name}, {database.kind}: {rounds * PRESSES} attempts, {charged} charged and {back} sent back, of {rounds}")


@pytest.mark.parametrize("name", RACES)
def test_money_is_moved_once(database: Database, tmp_path: Path, tell: Callable[[str], None], name: str) -> None:
    prove(name, database, tmp_path, tell, ROUNDS)


@pytest.mark.prove
@pytest.mark.parametrize("name", RACES)
def test_money_is_moved_once_in_very_many_races(
    database: Database, tmp_path: Path, tell: Callable[[str], None], name: str
) -> None:
    prove(name, database, tmp_path, tell, VERY_MANY)


MOST_TRIES = 20


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_control_of_money_races_is_found_out(
    database: Database, tmp_path: Path, tell: Callable[[str], None], name: str
) -> None:
    kind = RACES[name]
    with on_stage(database, tmp_path, kind.guard) as stage:
        for tried in range(1, MOST_TRIES + 1):
            try:
                winners = race(stage, kind, 1)
                assert set(winners) <= set(kind.winners), winners
                judge(stage, database, tried if kind.run is pay_against_booking else 0)
            except AssertionError:
                tell(f"{name}, {database.kind}, control: found out in race {tried}")
                break
        else:
            pytest.fail(f"{name} did not happen, so the test above proves nothing")
    empty()
