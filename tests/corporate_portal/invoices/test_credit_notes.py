"""The credit note of an acceptance: what it is taken off, its PDF and mail, its pages, and that others see none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.documents import service as documents
from billing_core.documents.models import Document
from billing_core.documents.printing import page_of
from billing_core.ledger.calculation import LineDraft
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.orders.service import OrderFacts, place_order
from billing_core.people import BillingContact, Person
from corporate_portal.invoices import service
from corporate_portal.invoices.prints import credit_note_print
from corporate_portal.invoices.service import Issued, OrderBill, issue_for_order
from tests.billing_core.orders.placing import Buyer, line
from tests.client import Client
from tests.factories import core, ledger

pytestmark = pytest.mark.usefixtures("database")


@dataclass(frozen=True)
class Customer:
    """A buyer with a contact."""

    buyer: Buyer
    contact: Person


def customer(locale: str = "en", **of_account: Any) -> Customer:
    account = core.account(core.seller("DE"), **of_account)
    contact = core.contact(account, core.person("Maria Muster", locale=locale), user_id="mmuster", is_primary=True)
    return Customer(Buyer(account, core.product()), contact)


def accept(
    by: Customer, billed: Sequence[int] = (), credited: Sequence[int] = (), locale: str = "en"
) -> tuple[ServiceOrder, Issued]:
    """What an acceptance issues for lines of these net amounts, at 19 %."""

    def verb() -> tuple[ServiceOrder, Issued]:
        session = db.session()
        accounts = select(Account).where(Account.id == by.buyer.account.id).options(joinedload(Account.seller))
        account = session.scalars(accounts).one()
        contacts = select(BillingContact).where(BillingContact.person_id == by.contact.id)
        contact = session.scalars(contacts.options(joinedload(BillingContact.person))).one()
        facts = OrderFacts(contact.id, "Fewer seats", locale, "EUR", "PO 17", "Q-2026-000003", 14)
        lines = (replace(line(by.buyer), frequency="once", term_end=None, effect="free"),)
        order = place_order(account, db.public_id("ver"), clock.today("UTC"), lines, "test", facts)
        bill = OrderBill(
            account, facts.title, locale, "EUR", "PO 17", "Q-2026-000003", _drafts(billed, "Meeting Pro"), 14,
            _drafts(credited, "Seats that leave"),
        )  # fmt: skip
        return order, issue_for_order(order, bill, contact, "test")

    return db.perform(verb)


def _drafts(amounts: Sequence[int], words: str) -> list[LineDraft]:
    return [ledger.line(amount, 1900, description=words) for amount in amounts]


def note_of(issued: Issued) -> CreditNote:
    assert issued.credit_note is not None
    return issued.credit_note


def mails() -> list[OutboxMail]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def keep_printed(note: CreditNote) -> None:
    """The worker has printed it."""
    wanted = select(Document.id).where(Document.subject == note.public_id)
    documents.keep_printed(db.session().scalars(wanted).one(), ledger.PDF)


def test_it_is_taken_off_the_invoice_beside_it() -> None:
    by = customer()
    order, issued = accept(by, [10000, 5000], [2000, 1000])
    note, invoice = note_of(issued), issued.invoice
    assert invoice is not None
    assert (note.net, note.tax, note.total) == (3000, 570, 3570)
    assert (note.invoice_id, note.cause, note.order_number) == (invoice.id, order.public_id, order.number)
    assert (note.po_number, note.quote_number, note.user_id) == ("PO 17", "Q-2026-000003", "mmuster")
    assert (ledger.reread(invoice).total, ledger.reread(invoice).balance) == (17850, 17850 - 3570)


def test_without_anything_billed_all_of_it_is_account_credit() -> None:
    order, issued = accept(customer(), credited=[2000])
    assert issued.invoice is None
    assert note_of(issued).invoice_id is None
    assert order.number.startswith("ORD-")
    (mail,) = mails()
    assert (mail.kind, mail.attached) == ("credit-note-issued", f"credit-note:{note_of(issued).public_id}")
    assert "Added to your account credit: €23.80" in mail.text_body


def test_an_acceptance_that_bills_and_credits_nothing_issues_nothing() -> None:
    order, issued = accept(customer())
    assert issued == Issued(None, None)
    assert order.number.startswith("ORD-")
    assert mails() == []


def test_the_mail_says_what_became_of_it_in_the_readers_language() -> None:
    _, issued = accept(customer("de"), [1000], [2000], "de")
    note, invoice = note_of(issued), issued.invoice
    assert invoice is not None
    bringing, crediting = mails()
    assert (bringing.kind, crediting.subject) == ("invoice-issued", f"Gutschrift {note.number}")
    for told in ("Guten Tag Maria Muster", f"Abgezogen von Rechnung {invoice.number}: 11,90", "11,90", "mmuster"):
        assert told in crediting.text_body
    with db.reading() as session:
        printed = session.scalars(select(Document).order_by(Document.id)).all()
    assert [(one.kind, one.filename) for one in printed][1] == ("credit-note", f"{note.number}.pdf")


def test_a_failure_of_the_last_step_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    by = customer()

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service.mails, "tell_credited", broken)
    with pytest.raises(RuntimeError):
        accept(by, [1000], [500])
    with db.reading() as session:
        for table in (ServiceOrder, Invoice, CreditNote, OutboxMail, Document):
            assert session.scalars(select(table)).all() == []


def test_the_document_is_a_letter_in_the_language_of_issue() -> None:
    _, issued = accept(customer(), [1000], [2000], "de")
    note, invoice = note_of(issued), issued.invoice
    assert invoice is not None
    with db.reading(), words.in_language("de"):
        html = page_of(credit_note_print(note.public_id))
    for said in (f"Gutschrift {note.number}", invoice.number, "23,80", "Seats that leave", "mmuster", "PO 17"):
        assert said in html
    assert "IBAN" not in html
    assert "Zahlungsziel" not in html


def test_the_pages_show_it_to_the_account_alone(app: Flask) -> None:
    by = customer()
    _, issued = accept(by, [1000], [2000])
    note, invoice = note_of(issued), issued.invoice
    assert invoice is not None
    browser = Client(app).sign_in(by.contact)
    listed = browser.get("/credit-notes")
    assert note.number in listed.words
    assert "Account credit" in listed.words
    assert "/credit-notes" in browser.get("/invoices").text
    page = browser.get(f"/credit-notes/{note.public_id}")
    for said in (note.number, "€23.80", "€11.90", invoice.number, "Seats that leave", "Fewer seats"):
        assert said in page.words
    paid = browser.get(f"/invoices/{invoice.public_id}")
    assert f"Credit note {note.number}" in paid.words
    assert f"/credit-notes/{note.public_id}" in paid.text
    stranger = Client(app).sign_in(core.contact(core.account()))
    for address in (f"/credit-notes/{note.public_id}", f"/credit-notes/{note.public_id}/pdf"):
        assert stranger.get(address).status == 404
    assert note.number not in stranger.get("/credit-notes").words


def test_the_pdf_is_waited_for_and_then_given(app: Flask) -> None:
    by = customer()
    note = note_of(accept(by, credited=[2000])[1])
    browser = Client(app).sign_in(by.contact)
    assert browser.get(f"/credit-notes/{note.public_id}/pdf").status == 202
    db.perform(keep_printed, note)
    given = browser.get(f"/credit-notes/{note.public_id}/pdf")
    assert (given.status, given.response.mimetype) == (200, "application/pdf")
    assert f"{note.number}.pdf" in given.response.headers["Content-Disposition"]


def test_many_credit_notes_come_in_pages_newest_first(app: Flask) -> None:
    by = customer()
    notes = [note_of(accept(by, credited=[100 + n])[1]) for n in range(22)]
    browser = Client(app).sign_in(by.contact)
    first = browser.get("/credit-notes")
    assert notes[-1].number in first.words
    assert notes[0].number not in first.words
    second = browser.get(str(first.html.select_one("a[rel=next]")["href"]))  # type: ignore[index]
    assert notes[0].number in second.words
    assert notes[-1].number not in second.words
