"""Two contacts press Place Service Order at the same moment, on a real server with two processes.

Exactly one decision, one order, one invoice and one set of mails come of it. The control runs the same race without the
look under the lock and without the unique constraints, and must see two.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from corporate_portal.quotes import service
from corporate_portal.quotes.models import QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.content import LineWish, QuoteContent
from corporate_portal.quotes.offer.loading import WHOLE
from tests.concurrency.server import Answer, Browser, Server, at_once, running
from tests.concurrency.uniques_off import drop_uniques
from tests.conftest import SECRET, Database
from tests.factories import core as make

ROUNDS, CONTACTS = 12, 4
MAILS = ("quote-accepted", "quote-accepted-rep", "invoice-issued")
"""What one acceptance sends, each to one person."""


def sent_quotes(number: int) -> tuple[list[Person], list[str]]:
    """An account with several contacts who may accept, and that many quotes that wait for one of them."""
    rep, product = make.staff(), make.product()
    account = make.account(rep=rep)
    contacts = [make.contact(account) for _ in range(CONTACTS)]
    line = LineWish(product_code=product.code, tier="", frequency="yearly", quantity=3)
    content = QuoteContent("Ten seats", clock.today("Europe/Berlin"), 12, (line,))
    viewer = make.viewer(rep, Realm.DESK)
    return contacts, [db.perform(_draft_and_submit, viewer, account.public_id, content) for _ in range(number)]


def _draft_and_submit(viewer: Viewer, account: str, content: QuoteContent) -> str:
    quote = service.draft_quote(viewer, account, content)
    (version,) = db.session().scalars(select(QuoteVersion).where(QuoteVersion.quote_id == quote.id).options(*WHOLE))
    service.submit_quote(viewer, quote.public_id, service.draft_sha256(version))
    return quote.public_id


def at_the_button(server: Server, contacts: list[Person], quote: str) -> list[tuple[Browser, dict[str, str]]]:
    """Each contact in a browser of their own, with the confirm page open and the box ticked."""
    ready = []
    for contact in contacts:
        browser = Browser(server).sign_in(contact)
        review = browser.get(f"/quotes/{quote}").html.select_one("main a[href*=order-details]")
        assert review is not None
        form = browser.get(str(review["href"])).form("order-details")
        details = browser.post(f"/quotes/{quote}/order-details", form | {"payment": "terms"})
        assert details.status == 303, details.h1
        fields = browser.get(details.location).form("confirm")
        ready.append((browser, fields | {"agreed": "y"}))
    return ready


def race(server: Server, contacts: list[Person], quote: str) -> list[Answer]:
    """All of them press the button at once."""
    ready = at_the_button(server, contacts, quote)
    return at_once([lambda b=b, f=f: b.post(f"/quotes/{quote}/confirm", f) for b, f in ready])


@pytest.fixture
def unguarded(database: Database) -> Iterator[None]:
    """The tables without their unique constraints, put back afterwards."""
    for table in ("quote_decision", "service_order"):
        drop_uniques(table)
    yield
    if database.kind == "postgresql":
        with db.engine().begin() as connection:
            for table in ("quote_decision", "service_order"):
                connection.execute(text(f"TRUNCATE {table} CASCADE"))
            connection.execute(
                text(
                    "ALTER TABLE quote_decision ADD CONSTRAINT ux_quote_decision UNIQUE (quote_id), "
                    "ADD UNIQUE (version_id)"
                )
            )
            connection.execute(
                text(
                    "ALTER TABLE service_order ADD CONSTRAINT ux_service_order_origin UNIQUE (origin), "
                    "ADD UNIQUE (public_id), ADD UNIQUE (number)"
                )
            )


def test_one_contact_of_several_wins(database: Database, tmp_path: Path, tell: Callable[[str], None]) -> None:
    contacts, quotes = sent_quotes(ROUNDS)
    with running(database.url, tmp_path, SECRET) as server:
        for quote in quotes:
            answers = race(server, contacts, quote)
            assert {answer.status for answer in answers} <= {303, 409}, [answer.h1 for answer in answers]
            assert {answer.path for answer in answers if answer.status == 303} == {f"/quotes/{quote}/receipt"}
    with db.reading() as session:
        assert set(counts(session, QuoteDecision.quote_id).values()) == {1}
        assert set(counts(session, ServiceOrder.origin).values()) == {1}
        assert set(counts(session, Invoice.order_number).values()) == {1}
        for row in (QuoteDecision, ServiceOrder, Invoice):
            assert session.scalar(select(func.count()).select_from(row)) == ROUNDS
        numbers = sorted(session.scalars(select(Invoice.number)))
        mails = counts(session, OutboxMail.kind)
    assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, ROUNDS + 1))
    assert {kind: mails[kind] for kind in MAILS} == dict.fromkeys(MAILS, ROUNDS)
    tell(f"accept against accept, {database.kind}: {ROUNDS * CONTACTS} attempts, {ROUNDS} winners of {ROUNDS}")


def counts(session: Session, column: Any) -> dict[Any, int]:
    """How often each value of the column is stored."""
    found = session.execute(select(column, func.count()).group_by(column))
    return dict(iter(found))


def test_the_control_without_guards_sees_two_winners(
    database: Database, tmp_path: Path, unguarded: None, tell: Callable[[str], None]
) -> None:
    contacts, quotes = sent_quotes(2)
    with running(database.url, tmp_path, SECRET, without="second-look") as server:
        for quote in quotes:
            race(server, contacts, quote)
    with db.reading() as session:
        decisions = session.scalar(select(func.count()).select_from(QuoteDecision))
    assert decisions is not None
    assert decisions > len(quotes), "the race did not happen, so the test above proves nothing"
    attempts = len(quotes) * CONTACTS
    tell(f"accept against accept, {database.kind}, control: {attempts} attempts, {decisions} winners of {len(quotes)}")
