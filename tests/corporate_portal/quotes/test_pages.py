"""The contact's pages: the way from the list to the receipt, in both languages, and everything that turns one back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, update

from billing_core import clock, db
from billing_core.documents import service as documents
from billing_core.people import Person
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote
from tests.client import Client, Page
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes
from tests.factories.quotes import Deal


@pytest.fixture
def deal(database: Any) -> Deal:
    return quotes.deal()


@pytest.fixture
def contact(client: Client, deal: Deal) -> Client:
    return client.sign_in(deal.contact)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every SQL statement that runs in the block, but for the house-keeping of transactions."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET TRANSACTION")):
            seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def reviewed(quote: Quote) -> str:
    return quotes.version(quote).sha256 or ""


def to_confirm(contact: Client, quote: Quote, **details: str) -> Page:
    """From the quote over the order details to the confirmation, by what the pages offer."""
    detail = contact.get(f"/quotes/{quote.public_id}")
    link = detail.html.select_one("a.btn-primary")
    assert link is not None
    step = contact.get(str(link["href"]))
    data = step.form("order-details") | {"payment": "terms"} | details
    return contact.follow(contact.post(f"/quotes/{quote.public_id}/order-details", data, page=step))


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_whole_way(deal: Deal, contact: Client, language: str) -> None:
    db.perform(lambda: db.session().execute(update(Person).values(locale=language)))
    quote = quotes.sent(deal, notes="First line\nsecond line")
    landing = contact.get("/quotes")
    assert "Meetings for the sales team" in landing.words
    assert ("7 days left" if language == "en" else "noch 7 Tage") in landing.words
    confirm = to_confirm(contact, quote, po_number="PO 7")
    sentence = "Carla Contact (Head of Accounts) " + ("orders" if language == "en" else "bestellt")
    assert sentence in confirm.words
    assert ("€1,880.20" if language == "en" else "1.880,20 €") in confirm.words
    buttons = [button.get_text().strip() for button in confirm.html.select("main button.btn-primary")]
    assert buttons == ["Place Service Order" if language == "en" else "Serviceauftrag erteilen"]
    done = contact.post(f"/quotes/{quote.public_id}/confirm", confirm.form("confirm") | {"agreed": "y"}, page=confirm)
    receipt = contact.follow(done)
    assert ("Your order is placed" if language == "en" else "Ihr Auftrag ist erteilt") == receipt.h1
    assert "PO 7" in receipt.words
    assert "ORD-" in receipt.words
    assert "Meetings for the sales team" not in contact.get("/quotes").html.select_one("main").get_text()  # type: ignore[union-attr]
    history = contact.get("/quotes/history")
    assert ("Accepted" if language == "en" else "Angenommen") in history.words


def test_card_now_leads_from_the_receipt_into_the_payment(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    confirm = to_confirm(contact, quote, payment="card")
    assert "By card now" in confirm.words
    path = f"/quotes/{quote.public_id}/confirm"
    receipt = contact.follow(contact.post(path, confirm.form("confirm") | {"agreed": "y"}, page=confirm))
    button = receipt.html.select_one("a.btn-primary")
    assert button is not None
    assert button.get_text(strip=True) == "Pay now by card"
    assert contact.get(str(button["href"])).status in (200, 303)


def test_placing_twice_shows_the_same_receipt(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    confirm = to_confirm(contact, quote)
    data = confirm.form("confirm") | {"agreed": "y"}
    first = contact.post(f"/quotes/{quote.public_id}/confirm", data, page=confirm)
    before = counts()
    second = contact.post(f"/quotes/{quote.public_id}/confirm", data, page=confirm)
    assert first.location == second.location
    assert counts() == before
    assert "Accepted by Carla Contact" in contact.follow(second).words


def test_without_the_tick_nothing_is_ordered(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    confirm = to_confirm(contact, quote)
    before = counts()
    data = confirm.form("confirm")
    data.pop("agreed", None)
    again = contact.post(f"/quotes/{quote.public_id}/confirm", data, page=confirm)
    assert again.status == 400
    assert "Tick the box" in again.words
    assert counts() == before


def test_bad_order_details_are_said_beside_their_field(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    path = f"/quotes/{quote.public_id}/order-details"
    step = contact.get(f"{path}?reviewed={reviewed(quote)}")
    before = counts()
    for name, value, words in (
        ("po_number", "x" * 101, "at most 100 characters"),
        ("po_number", "a\x07b", "characters that cannot be used"),
        ("payment", "gold", "Choose one of the ways to pay"),
    ):
        page = contact.post(path, step.form("order-details") | {"payment": "terms", name: value}, page=step)
        assert page.status == 400
        wrong = page.html.select_one(f"#{name}-error")
        assert wrong is not None, name
        assert words in wrong.get_text()
    assert counts() == before


def test_a_required_po_number_is_asked_for(client: Client) -> None:
    deal = quotes.deal(po_required=True)
    contact = client.sign_in(deal.contact)
    quote = quotes.sent(deal)
    path = f"/quotes/{quote.public_id}/order-details"
    step = contact.get(f"{path}?reviewed={reviewed(quote)}")
    page = contact.post(path, step.form("order-details") | {"payment": "terms"}, page=step)
    assert page.status == 400
    assert " requires one" in page.words
    skipped = contact.get(f"/quotes/{quote.public_id}/confirm?reviewed={reviewed(quote)}&payment=terms")
    assert (skipped.status, skipped.h1) == (400, "Order details")
    assert " requires one" in skipped.words


def test_steps_cannot_be_entered_without_a_review(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    for step in ("order-details", "confirm", "reject"):
        for query in ("", "?reviewed=", f"?reviewed={'0' * 64}"):
            page = contact.get(f"/quotes/{quote.public_id}/{step}{query}")
            assert page.status == 409
            assert "has changed since you reviewed it" in page.words


def test_tampered_hidden_fields_order_nothing(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    confirm = to_confirm(contact, quote)
    before = counts()
    good = confirm.form("confirm") | {"agreed": "y"}
    for name, value in (
        ("reviewed", "0" * 64), ("reviewed", ""), ("wording", "0" * 64), ("wording", "x" * 9999),
        ("language", "de"), ("po_number", "x" * 200), ("po_number", "1\r\nBcc: x@y.example"),
        ("payment", "bitcoin"), ("payment", ""), ("payment", "\x00"), ("po_number", "\x00"), ("reviewed", "\x00"),
    ):  # fmt: skip
        page = contact.post(f"/quotes/{quote.public_id}/confirm", good | {name: value}, page=confirm)
        assert page.status in (400, 409), (name, value)
        assert counts() == before, (name, value)
    extra = good | {"total": "1", "quantity": "1", "account_id": "99", "state": "accepted", "expires_at": "2099"}
    assert contact.post(f"/quotes/{quote.public_id}/confirm", extra, page=confirm).status == 303
    assert quotes.version(quote).total == 188020


def test_a_reader_without_the_right_sees_but_cannot_decide(client: Client, deal: Deal) -> None:
    quote = quotes.sent(deal)
    reader = client.sign_in(core.contact(deal.account, rights="pay"))
    page = reader.get(f"/quotes/{quote.public_id}")
    assert "Review and accept" not in page.words
    for step in ("order-details", "confirm", "reject"):
        assert reader.get(f"/quotes/{quote.public_id}/{step}?reviewed={reviewed(quote)}").status == 403


def test_another_accounts_quote_is_not_there(deal: Deal, client: Client) -> None:
    quote, draft = quotes.accepted(deal), quotes.draft(deal)
    stranger = client.sign_in(quotes.deal().contact)
    token = stranger.token(stranger.get("/quotes"))
    before = counts()
    for public_id in (quote.public_id, draft.public_id, "quo_nothing", "x" * 500):
        for path in ("", "/order-details", "/confirm", "/receipt", "/reject", "/pdf"):
            assert stranger.get(f"/quotes/{public_id}{path}").status == 404, path
        for path in ("/order-details", "/confirm", "/reject"):
            data = {"csrf_token": token, "agreed": "y", "reason": "x", "payment": "terms"}
            assert stranger.post(f"/quotes/{public_id}{path}", data).status == 404, path
    assert counts() == before
    own = client.sign_in(deal.contact)
    assert own.get(f"/quotes/{draft.public_id}").status == 404


def test_the_first_look_is_noted_once(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    contact.get("/quotes")
    assert quotes.version(quote).first_viewed_at is None
    contact.get(f"/quotes/{quote.public_id}")
    first = quotes.version(quote).first_viewed_at
    before = counts()
    contact.get(f"/quotes/{quote.public_id}")
    assert first is not None
    assert quotes.version(quote).first_viewed_at == first
    assert counts() == before


def test_rejecting_asks_why(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    path = f"/quotes/{quote.public_id}/reject"
    page = contact.get(f"{path}?reviewed={reviewed(quote)}")
    empty = contact.post(path, page.form("reject"), page=page)
    assert empty.status == 400
    assert empty.html.select_one("#reason-error") is not None
    long = contact.post(path, page.form("reject") | {"reason": "x" * 1001}, page=page)
    assert long.status == 400
    done = contact.follow(contact.post(path, page.form("reject") | {"reason": "Too <b>dear</b>.\nSorry."}, page=page))
    assert "Rejected by Carla Contact" in done.words
    assert "Too <b>dear</b>." in done.words
    again = contact.post(path, page.form("reject") | {"reason": "Again."}, page=page)
    assert again.status == 303


def test_every_end_is_shown_for_what_it_is(deal: Deal, contact: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = {"Accepted": quotes.accepted(deal), "Rejected": quotes.rejected(deal), "Withdrawn": quotes.withdrawn(deal)}
    late = quotes.sent(deal, valid_until=quotes.in_days(0))
    draft = quotes.draft(deal)
    db.perform(service.withdraw_quote, deal.desk, draft.public_id)
    deadline = quotes.version(late).expires_at
    sha256 = reviewed(late)
    assert "ends today" in contact.get("/quotes").words
    monkeypatch.setattr(clock, "now", lambda: deadline)
    contact.sign_in(deal.contact)
    for word, quote in (ends | {"Expired": late}).items():
        page = contact.get(f"/quotes/{quote.public_id}")
        assert word in page.words
        assert "Review and accept" not in page.words
    assert "No quote waits for you" in contact.get("/quotes").words
    history = contact.get("/quotes/history")
    assert len(history.html.select("tbody tr")) == 4
    refused = contact.get(f"/quotes/{late.public_id}/order-details?reviewed={sha256}")
    assert refused.status == 409
    assert "was valid until the end of" in refused.words


def test_the_pdf_is_the_stored_one(deal: Deal, contact: Client) -> None:
    quote = quotes.sent(deal)
    waiting = contact.get(f"/quotes/{quote.public_id}/pdf")
    assert (waiting.status, waiting.response.headers["Refresh"]) == (202, "3")
    version = quotes.version(quote)

    def arrive() -> None:
        from sqlalchemy import select

        from billing_core.documents.models import Document

        found = db.session().scalars(select(Document.id).where(Document.subject == version.public_id)).one()
        documents.keep_printed(found, b"%PDF-1.7 the very bytes")

    db.perform(arrive)
    pdf = contact.get(f"/quotes/{quote.public_id}/pdf").response
    assert (pdf.status_code, pdf.mimetype, pdf.data) == (200, "application/pdf", b"%PDF-1.7 the very bytes")
    assert f"{quote.number}.pdf" in pdf.headers["Content-Disposition"]


def test_lists_turn_pages_and_cost_the_same_however_long(deal: Deal, contact: Client) -> None:
    quotes.sent(deal)
    contact.get("/quotes")
    costs = {}
    for path in ("/quotes", "/quotes/history"):
        with statements() as few:
            contact.get(path)
        costs[path] = len(few)
    for _ in range(21):
        quotes.sent(deal)
    for _ in range(21):
        quotes.withdrawn(deal)
    for path, cost in costs.items():
        with statements() as many:
            first = contact.get(path)
        assert len(many) == cost <= 7
        assert not [statement for statement in many if "count(" in statement.lower()]
        assert len(first.html.select("tbody tr")) == 20
        onward = first.html.select_one("a[rel=next]")
        assert onward is not None
        second = contact.get(str(onward["href"]))
        back = second.html.select_one("a[rel=prev]")
        assert back is not None
        titles = [row.get_text(" ", strip=True) for row in first.html.select("tbody tr")]
        assert [
            row.get_text(" ", strip=True) for row in contact.get(str(back["href"])).html.select("tbody tr")
        ] == titles
    for bad in ("x", "~~", "9" * 40, "20200101T000000000000~x", "\u0660~1", "00010101T000000000000~1"):
        for way in ("after", "before"):
            assert contact.get("/quotes?" + urlencode({way: bad})).status == 200
            assert contact.get("/quotes/history?" + urlencode({way: bad})).status == 200
