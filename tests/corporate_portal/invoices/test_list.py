"""The list: open ones first, filters in the address, keyset pages, a fixed number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from billing_core import clock, db
from tests.client import Client, Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.factories import core, ledger


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent meanwhile, but for BEGIN and PRAGMA."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split()[0].upper() not in ("BEGIN", "PRAGMA", "SET"):
            sent.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def numbers(page: Page) -> list[str]:
    return [" ".join(link.get_text().split()) for link in page.html.select("a.row-link")]


def test_what_is_open_comes_first_by_due_date(desk: Desk) -> None:
    today = clock.today("Europe/Berlin")
    late = ledger.invoice(desk.account, 500, due_on=today - timedelta(days=3))
    soon = ledger.invoice(desk.account, 700, due_on=today + timedelta(days=1))
    paid = ledger.imported_invoice(desk.account, "OLD-1", 900, paid=900)
    page = desk.browser.get("/invoices")
    assert page.h1 == "Invoices"
    assert numbers(page) == [late.number, soon.number, desk.invoice.number]
    assert "3 days past due" in page.words
    assert "due tomorrow" in page.words
    assert "€112.00" in page.words
    assert numbers(desk.browser.get("/invoices?state=paid")) == [paid.number]
    assert numbers(desk.browser.get("/invoices?state=past-due")) == [late.number]
    assert numbers(desk.browser.get("/invoices?state=partially-paid")) == []
    assert len(numbers(desk.browser.get("/invoices?state=all"))) == 4


def test_an_invoice_is_found_by_a_part_of_its_number(desk: Desk) -> None:
    ledger.imported_invoice(desk.account, "OLD_77%", 900)
    assert numbers(desk.browser.get("/invoices?number=old_77")) == ["OLD_77%"]
    assert numbers(desk.browser.get("/invoices?number=77%25")) == ["OLD_77%"]
    assert numbers(desk.browser.get("/invoices?number=OLDX")) == []
    nothing = desk.browser.get("/invoices?number=nothing")
    assert "No invoice found" in nothing.words
    assert 'value="nothing"' in nothing.text


@pytest.mark.parametrize("number", ["x" * 61, "a%07b"])
def test_a_search_that_cannot_be_is_said_beside_the_field(desk: Desk, number: str) -> None:
    page = desk.browser.get(f"/invoices?number={number}")
    assert page.status == 400
    assert page.html.select_one(".field-error") is not None


def test_an_unknown_state_is_not_found(desk: Desk) -> None:
    assert desk.browser.get("/invoices?state=nonsense").status == 404


@pytest.mark.parametrize("cursor", ["nonsense", "~", "2026-99-99~1", "9999-12-31~9999999999999999999", "\u0661~\u0661"])
def test_a_cursor_that_makes_no_sense_shows_the_first_page(desk: Desk, cursor: str) -> None:
    assert numbers(desk.browser.get(f"/invoices?after={cursor}")) == [desk.invoice.number]


def test_pages_follow_one_another_without_gaps(desk: Desk) -> None:
    for n in range(44):
        ledger.imported_invoice(desk.account, f"OLD-{n:03}", 100)
    seen: list[str] = []
    page = desk.browser.get("/invoices")
    for _ in range(5):
        seen += numbers(page)
        older = page.html.select_one("a[rel=next]")
        if older is None:
            break
        page = desk.browser.get(str(older["href"]))
    assert len(seen) == len(set(seen)) == 45
    back = page.html.select_one("a[rel=prev]")
    assert back is not None
    assert numbers(desk.browser.get(str(back["href"]))) == seen[20:40]


def test_the_number_of_statements_does_not_grow(desk: Desk) -> None:
    desk.browser.get("/invoices")
    with counted() as few:
        desk.browser.get("/invoices")
    for n in range(60):
        ledger.imported_invoice(desk.account, f"OLD-{n:03}", 100)
    with counted() as many:
        assert len(numbers(desk.browser.get("/invoices"))) == 20
    assert len(many) == len(few)
    assert not [statement for statement in many if "count(" in statement.lower()]


def test_only_the_chosen_account_is_listed(desk: Desk) -> None:
    other = core.account(name="Other AG")
    ledger.invoice(other, 333)
    who = core.contact(desk.account)
    core.contact(other, who)
    both = Client(desk.app).sign_in(who, account_id=None)
    shown = {*numbers(both.get("/invoices?state=all"))}
    assert len(shown) == 1
    assert numbers(desk.stranger().get("/invoices?state=all")) == []


def test_an_empty_list_says_what_will_appear(desk: Desk) -> None:
    page = desk.stranger().get("/invoices")
    assert "Nothing is open" in page.words
    assert "Your invoices appear here" in desk.stranger().get("/invoices?state=all").words


def test_the_list_in_german(desk: Desk) -> None:
    page = desk.someone(locale="de").get("/invoices")
    assert page.h1 == "Rechnungen"
    assert "100,00" in page.words
