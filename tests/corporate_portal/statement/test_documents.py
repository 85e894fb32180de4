"""The printed statement and receipt: asked for with POST, printed by the worker once, of the books as they stood."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.jobs import PRINTS
from billing_core import clock, db
from billing_core.documents.models import Document
from billing_core.documents.printing import render_document
from billing_core.jobs import Job
from billing_core.payments import service
from billing_core.payments.models import Payment
from corporate_portal.statement import service as statements
from corporate_portal.statement.books.entries import Period
from corporate_portal.statement.models import Statement
from tests.client import Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.corporate_portal.statement.conftest import came
from tests.factories import core, ledger
from tests.factories.sql import rows


class Paper:
    """A printer that keeps what it was given."""

    def __init__(self) -> None:
        self.html = ""

    def print_page(self, html: str) -> bytes:
        self.html = html
        return b"%PDF-1.7 " + html.encode()


def asked(desk: Desk, locale: str = "en", **fields: str) -> Page:
    browser = desk.browser if locale == "en" else desk.someone(locale=locale)
    page = browser.get("/statement")
    return browser.post("/statement/pdf", page.form("statement/pdf") | fields)


def printed() -> str:
    """The text of the document that was asked for last, printed as the worker does it."""
    paper = Paper()
    with db.reading() as session:
        newest = session.scalars(select(Document).order_by(Document.id.desc())).first()
    assert newest is not None
    render_document(newest.id, PRINTS, paper)
    from bs4 import BeautifulSoup

    return " ".join(BeautifulSoup(paper.html, "lxml").get_text(" ").split())


def count(table: type[Statement] | type[Document]) -> int:
    with db.reading() as session:
        return session.query(table).count()


def test_the_worker_prints_what_was_asked_for_and_it_is_served(desk: Desk) -> None:
    came(desk.account, 4000)
    answer = asked(desk)
    assert answer.status == 303
    waiting = desk.browser.follow(answer)
    assert (waiting.status, waiting.response.headers["Refresh"]) == (202, "3")
    text = printed()
    assert f"Statement of account {desk.account.number}" in text
    assert "Opening balance €0.00" in text
    assert f"Invoice {desk.invoice.number}" in text
    assert "Bank transfer" in text
    assert "Lindner, thanks" in text
    assert "Closing balance €60.00" in text
    assert desk.account.name in text
    assert "DE02 1203 0000 0000 2020 51" in text
    pdf = desk.browser.follow(answer).response
    day = clock.today("Europe/Berlin")
    name = f"Statement {desk.account.number} {day - timedelta(days=89)} to {day}.pdf"
    assert (pdf.status_code, pdf.content_type) == (200, "application/pdf")
    assert pdf.headers["Content-Disposition"] == f'attachment; filename="{name}"'


def test_it_says_what_was_booked_when_it_was_asked_for(desk: Desk) -> None:
    """Whatever happens before the worker comes to it."""
    answer = asked(desk)
    came(desk.account, 4000)
    ledger.invoice(desk.account, 700)
    text = printed()
    assert "Closing balance €100.00" in text
    assert "Bank transfer " not in text.replace("By bank transfer", "")
    before = desk.browser.follow(answer).response.get_data()
    with db.reading() as session:
        session.query(Statement).one()
        job = session.scalars(select(Job).where(Job.kind == "document.render")).first()
    assert job is not None
    render_document(json.loads(job.payload)["document_id"], PRINTS, Paper())
    assert desk.browser.follow(answer).response.get_data() == before


def test_the_same_question_about_the_same_books_is_one_document(desk: Desk) -> None:
    first = asked(desk)
    assert asked(desk).location == first.location
    assert (count(Statement), count(Document)) == (1, 1)
    others = {
        asked(desk, first="2026-01-01").location,
        asked(desk, locale="de").location,
    }
    came(desk.account, 100)
    others.add(asked(desk).location)
    assert len(others | {first.location}) == 4 == count(Statement)


def test_the_printed_statement_in_german(desk: Desk) -> None:
    asked(desk, locale="de")
    text = printed()
    assert "Alle Buchungen vom" in text
    assert "Endsaldo 100,00 €" in text
    assert "fällig am" in text


def test_days_that_cannot_be_are_refused_and_nothing_is_written(desk: Desk) -> None:
    before = rows({"sign_in_session"})
    for fields in ({"first": "x"}, {"last": "2099-01-01"}, {"first": "2026-02-02", "last": "2026-02-01"}):
        page = asked(desk, **fields)
        assert page.status == 400
        assert page.html.select_one(".field-error") is not None
    assert asked(desk, currency="XXX").status == 404
    assert rows({"sign_in_session"}) == before


def test_what_nobody_would_read_is_not_printed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST_PRINTED", 3)
    for _ in range(3):
        ledger.invoice(desk.account, 100)
    page = asked(desk)
    assert page.status == 400
    assert "more than 3 entries" in page.words
    assert count(Statement) == 0
    monkeypatch.setattr(statements, "MOST_PRINTED", 4)
    assert asked(desk).status == 303


def test_another_accounts_statement_does_not_exist(desk: Desk) -> None:
    address = asked(desk).location
    printed()
    assert desk.browser.get(address).status == 200
    assert desk.someone("").get(address).status == 200, "whoever may look may have it"
    assert desk.stranger().get(address).status == 404
    assert desk.browser.get("/statement/sta_unknown/pdf").status == 404


def test_whoever_books_meanwhile_waits_for_the_accounts_lock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a row with a lower id could be committed after the highest ids were read."""
    order: list[str] = []
    lock, extent = statements.lock_account, statements.queries.scope_of

    def locked(account_id: int) -> object:
        order.append("lock")
        return lock(account_id)

    def looked(*args: object) -> object:
        order.append("look")
        return extent(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(statements, "lock_account", locked)
    monkeypatch.setattr(statements.queries, "scope_of", looked)
    today = clock.today("Europe/Berlin")
    db.perform(statements.make_statement, core.viewer(desk.payer), "EUR", Period.ending(today), "en")
    assert order == ["lock", "look"]


def test_the_payments_are_listed_with_their_states(desk: Desk, payment: Payment) -> None:
    came(desk.account, 700, method="cheque", reference="No. 5")
    page = desk.browser.get("/statement/receipts")
    newest = page.html.select("a.row-link")[0]
    assert str(newest["href"]).startswith("/statement/receipts/inc_")
    assert f"/payments/{payment.public_id}" in page.text
    assert "Cheque No. 5" in page.words
    assert "Not finished" in page.words
    assert desk.browser.get(f"/statement/receipts/{payment.public_id}").status == 404, "no money has come"
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    assert f"/statement/receipts/{payment.public_id}" in desk.browser.get("/statement/receipts").text
    assert "No payments here" in desk.stranger().get("/statement/receipts").words


def test_pages_of_payments_follow_one_another_without_gaps(desk: Desk) -> None:
    for n in range(45):
        came(desk.account, 100 + n)
    seen: list[str] = []
    page = desk.browser.get("/statement/receipts")
    for _ in range(5):
        seen += [str(link["href"]) for link in page.html.select("a.row-link")]
        older = page.html.select_one("a[rel=next]")
        if older is None:
            break
        page = desk.browser.get(str(older["href"]))
    assert len(seen) == len(set(seen)) == 45


@pytest.mark.parametrize("cursor", ["nonsense", "~", "20260101T000000000000", "99999999T~x", "~" * 3000])
def test_a_cursor_that_makes_no_sense_breaks_nothing(desk: Desk, cursor: str) -> None:
    assert desk.browser.get("/statement/receipts", query_string={"after": cursor}).status == 200


def test_a_receipt_says_what_came_and_what_it_paid(desk: Desk) -> None:
    booked = came(desk.account, 12000, on=clock.today("Europe/Berlin") - timedelta(days=2))
    page = desk.browser.get(f"/statement/receipts/{booked.public_id}")
    assert page.h1 == "Receipt for a payment"
    assert "Paid amount €120.00" in page.words
    assert "Kept as account credit €20.00" in page.words
    assert f"{desk.invoice.number} €100.00" in page.words
    answer = desk.browser.post(f"/statement/receipts/{booked.public_id}/pdf", page.form("/pdf"))
    assert desk.browser.follow(answer).status == 202
    text = printed()
    assert "Paid amount €120.00" in text
    assert f"Invoice {desk.invoice.number} €100.00" in text
    assert "Kept as account credit €20.00" in text
    assert desk.browser.follow(answer).response.content_type == "application/pdf"
    desk.browser.post(f"/statement/receipts/{booked.public_id}/pdf", page.form("/pdf"))
    assert count(Document) == 1


def test_the_receipt_of_a_card_names_card_and_payer(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    page = desk.browser.get(f"/statement/receipts/{payment.public_id}")
    assert "Visa •••• 4242" in page.words
    assert "Petra Payer" in page.words
    desk.browser.post(f"/statement/receipts/{payment.public_id}/pdf", page.form("/pdf"))
    text = printed()
    assert "Visa •••• 4242" in text
    assert "€40.00" in text


def test_another_accounts_receipt_does_not_exist(desk: Desk) -> None:
    booked = came(desk.account, 100)
    here = f"/statement/receipts/{booked.public_id}"
    stranger = desk.stranger()
    assert stranger.get(here).status == stranger.get(f"{here}/pdf").status == 404
    token = stranger.token(stranger.get("/statement"))
    assert stranger.post(f"{here}/pdf", {"csrf_token": token}).status == 404
    assert count(Document) == 0
