"""An invoice at finance's desk: found, read, credited after a look at what that does, and never twice by one form."""

import re

import pytest
from flask import Flask

from billing_core import db
from billing_core.documents import service as documents
from billing_core.documents.models import Document
from billing_core.ledger.correcting import Part
from billing_core.ledger.models import Invoice
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.corporate_portal.finance.conftest import ALL, Books, books_of, credit, notes
from tests.factories import core, ledger
from tests.factories.sql import statements


@pytest.fixture
def books(app: Flask) -> Books:
    """In EUR and English, of Lindner AG."""
    return books_of(name="Lindner AG", name_folded="lindner ag")


@pytest.fixture
def clerk(app: Flask, books: Books) -> Client:
    """Finance is signed in."""
    return Client(app).sign_in(core.staff("finance"), Realm.DESK)


def address(invoice: Invoice) -> str:
    return f"/desk/invoices/{invoice.public_id}"


def send(clerk: Client, invoice: Invoice, page: Page | None = None, act: str = "show", **entered: str) -> Page:
    """Fill in the form as it is shown, and send it."""
    place = f"{address(invoice)}/credit"
    page = page or clerk.get(place)
    return clerk.post(place, page.form("/credit") | entered | {"act": act})


QUANTITY, AMOUNT, BOOK = "parts-0-quantity", "parts-0-amount", "parts-1-amount"


def test_from_the_number_to_the_credit_note(clerk: Client, books: Books) -> None:
    found = clerk.get(f"/desk/money?search={books.invoice.number[-8:]}")
    assert address(books.invoice) in found.text
    shown = clerk.get(address(books.invoice))
    for told in ("Lindner AG", "Meeting Pro", "€148.15", "mmuster", "PO 17", "Credit this invoice"):
        assert told in shown.words
    checked = send(clerk, books.invoice, **{QUANTITY: "2"})
    assert checked.status == 200
    for told in ("€24.00", "€4.56", "€28.56 is taken off the open balance, of which €119.59 stays open."):
        assert told in checked.words
    assert notes() == []
    done = send(clerk, books.invoice, checked, "issue", reason="Two seats too many")
    assert done.status == 303
    (note,) = notes()
    after = clerk.get(address(books.invoice))
    for told in (f"Credit note {note.number} was issued.", "Two seats too many", "€119.59", "Partially paid"):
        assert told in after.words
    assert send(clerk, books.invoice, checked, "issue", reason="Two seats too many").status == 303, "the same form"
    assert len(notes()) == 1


def test_everything_that_is_left_with_one_click(clerk: Client, books: Books) -> None:
    books.credit({1: Part(net=3333)})
    checked = send(clerk, books.invoice, act="everything", **{QUANTITY: "7"})
    assert checked.form("/credit")[AMOUNT] == "86.67"
    assert "The invoice is then cancelled by credit note." in checked.words
    assert send(clerk, books.invoice, checked, "issue", reason="Cancelled").status == 303
    assert books.now().settlement == "cancelled"
    assert "Cancelled by credit note" in clerk.get(address(books.invoice)).words
    assert "Credit this invoice" not in clerk.get(address(books.invoice)).words
    late = clerk.get(f"{address(books.invoice)}/credit")
    assert "Nothing more can be credited" in late.words
    again = send(clerk, books.invoice, checked, "issue", reason="Cancelled", key="0" * 32)
    assert (again.status, "Nothing more can be credited" in again.words) == (409, True)
    assert len(notes()) == 2


@pytest.mark.parametrize(
    ("entered", "told"),
    [
        ({AMOUNT: "120.01"}, "At most €120.00 can be credited of this line."),
        ({QUANTITY: "11"}, "At most €120.00 can be credited of this line."),
        ({AMOUNT: "-1"}, "At most €120.00 can be credited of this line."),
        ({AMOUNT: "1", QUANTITY: "1"}, "Enter either an amount or a quantity."),
        ({AMOUNT: "much"}, "Enter an amount in figures"),
        ({AMOUNT: "1.001"}, "at most 2 decimal places"),
        ({QUANTITY: "0"}, "Enter a whole number from 1"),
        ({}, "Enter what is credited for at least one line."),
        ({AMOUNT: "0"}, "Enter what is credited for at least one line."),
        ({AMOUNT: "1", "parts-0-position": "77"}, "Enter what is credited for at least one line."),
        ({AMOUNT: "1", "reason": ""}, "Say why the invoice is credited."),
        ({AMOUNT: "1", "reason": "x" * 301}, "Please use at most 300 characters."),
    ],
)
def test_wrong_entries_are_named_and_nothing_is_issued(
    clerk: Client, books: Books, entered: dict[str, str], told: str
) -> None:
    answer = send(clerk, books.invoice, act="issue", **({"reason": "Wrong"} | entered))
    assert answer.status == 400
    assert told in answer.words
    assert notes() == []


def test_what_changed_meanwhile_is_shown_before_it_is_issued(clerk: Client, books: Books) -> None:
    checked = send(clerk, books.invoice, **{AMOUNT: "50.00", "reason": "Late"})
    books.credit({1: Part(net=1), 2: Part(net=499)}, key="another clerk")
    books.credit({1: Part(net=9000)}, key="a third")
    answer = send(clerk, books.invoice, checked, "issue")
    assert "At most €29.99 can be credited of this line." in answer.words
    untouched = send(clerk, books.invoice, checked, "issue", **{AMOUNT: "20.00"})
    assert untouched.status == 409
    assert "comes to something else now" in untouched.words
    assert send(clerk, books.invoice, untouched, "issue").status == 303
    assert notes()[-1].net == 2000


def test_the_list_of_an_account_finds_every_invoice(clerk: Client, books: Books) -> None:
    others = [ledger.invoice(books.account, 100 + n) for n in range(22)]
    credit(books.clerk, others[3], {1: Part(net=103)})
    place = f"/desk/accounts/{books.account.public_id}/invoices"
    assert place in clerk.get(f"/desk/accounts/{books.account.public_id}/money").text
    first = clerk.get(place)
    assert others[-1].number in first.words
    second = clerk.get(str(first.html.select_one("a[rel=next]")["href"]))  # type: ignore[index]
    assert books.invoice.number in second.words
    cancelled = clerk.get(f"{place}?state=cancelled")
    assert others[3].number in cancelled.words
    assert others[4].number not in cancelled.words
    assert others[3].number not in clerk.get(f"{place}?state=paid").words
    assert books.invoice.number in clerk.get(f"{place}?number={books.invoice.number}").words
    assert clerk.get(f"{place}?state=strange").status == 404


def test_the_contact_sees_what_was_cancelled(app: Flask, books: Books) -> None:
    note = books.credit(ALL, reason="Ordered twice")
    browser = Client(app).sign_in(books.contact)
    assert books.invoice.number in browser.get("/invoices?state=cancelled").words
    assert books.invoice.number not in browser.get("/invoices?state=paid").words
    assert "Cancelled by credit note" in browser.get("/invoices?state=all").words
    shown = browser.get(f"/invoices/{books.invoice.public_id}")
    assert "Cancelled by credit note" in shown.words
    assert "Pay now" not in shown.words
    for told in ("Ordered twice", books.invoice.number, "€148.15"):
        assert told in browser.get(f"/credit-notes/{note.public_id}").words


def test_a_credit_note_on_a_paid_invoice_stands_in_its_history(app: Flask, clerk: Client, books: Books) -> None:
    former = ledger.imported_invoice(books.account, "OLD/77", 5000, paid=5000)
    note = credit(books.clerk, former, {1: Part(net=2000)})
    contact = Client(app).sign_in(books.contact)
    for shown in (clerk.get(address(former)), contact.get(f"/invoices/{former.public_id}")):
        assert f"Credit note {note.number}" in shown.words
        assert "€20.00 became account credit." in shown.words


def test_the_pdfs_are_waited_for_and_then_given(clerk: Client, books: Books) -> None:
    note = books.credit(ALL)
    places = {f"{address(books.invoice)}/pdf": books.invoice, f"/desk/credit-notes/{note.public_id}/pdf": note}
    for place in places:
        assert clerk.get(place).status == 202

    def keep() -> None:
        for document in db.session().query(Document):
            documents.keep_printed(document.id, ledger.PDF)
        documents.keep_document(books.invoice.public_id, "invoice", "en", "invoice.pdf", ledger.PDF)

    db.perform(keep)
    for place in places:
        assert (clerk.get(place).status, clerk.get(place).response.mimetype) == (200, "application/pdf")
    former = ledger.imported_invoice(books.account, "OLD/77")
    assert clerk.get(f"{address(former)}/pdf").status == 404
    assert "issued elsewhere" in clerk.get(address(former)).words


@pytest.mark.parametrize("role", ["rep", "rep_manager", "support"])
def test_others_at_the_desk_are_refused(app: Flask, books: Books, role: str) -> None:
    note = books.credit({1: Part(net=1)})
    other = Client(app).sign_in(core.staff(role), Realm.DESK)
    own = address(books.invoice)
    for place in (own, f"{own}/credit", f"{own}/pdf", f"/desk/credit-notes/{note.public_id}/pdf",
                  f"/desk/accounts/{books.account.public_id}/invoices"):  # fmt: skip
        assert other.get(place).status == 403


def test_an_invoice_costs_as_many_statements_with_many_notes(clerk: Client, books: Books) -> None:
    clerk.get(address(books.invoice))
    with statements() as few:
        clerk.get(address(books.invoice))
    for n in range(5):
        books.credit({1: Part(net=100 + n), 2: Part(net=1)}, key=str(n))
    with statements() as many:
        clerk.get(address(books.invoice))
    assert len(many) == len(few)


def test_german(app: Flask, books: Books) -> None:
    clerk = Client(app).sign_in(core.staff("finance", locale="de"), Realm.DESK)
    place = f"{address(books.invoice)}/credit"
    checked = send(clerk, books.invoice, **{AMOUNT: "1,50"})
    assert re.search(r"1,79\s€ werden vom offenen Betrag abgezogen", checked.words), checked.words
    assert "Gutschrift ausstellen" in clerk.post(place, checked.form("/credit") | {"act": "show"}).words
