"""Credit notes that finance issues: what they do to balances, what is refused, and nothing is credited twice."""

from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.documents.models import Document
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.jobs import Job
from billing_core.ledger.correcting import CreditedInFull, NothingChosen, Part, PartTooLarge
from billing_core.ledger.crediting import WrongInvoice, write_credit_note
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import CreditNoteLine, CreditNoteTax, Invoice
from billing_core.ledger.service import issue_invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import booking
from billing_core.payments import service as card
from billing_core.people import BillingContact
from billing_core.permissions import Realm
from corporate_portal.finance import service
from corporate_portal.finance.queries.crediting import invoice_to_credit
from corporate_portal.finance.refusals import CreditFormUsed, StalePreview
from corporate_portal.finance.service import LONGEST_REASON, Seen
from tests.corporate_portal.finance.conftest import ALL, TOTAL, Books, books_of, credit, finance, notes
from tests.factories import core, ledger
from tests.factories.till import CardTill, impatient, payment_named

CENT = {1: Part(net=1)}


def came(books: Books, amount: int) -> None:
    """Finance books a transfer, the oldest due first."""
    money = Money("bank_transfer", amount, books.invoice.issued_on, "RE 1")
    db.perform(booking.book_incoming, books.clerk, books.account.public_id, money, "key")


def rows(table: Any) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def actions() -> list[str]:
    return [row.action for row in rows(AuditEntry) if "credit" in row.action]


def test_it_reduces_the_open_balance(books: Books) -> None:
    note = books.credit({1: Part(quantity=2)})
    assert (note.net, note.tax, note.total) == (2400, 456, 2856)
    assert (books.now().balance, books.now().credited) == (TOTAL - 2856, 2856)
    assert books.now().settlement == "partially_paid"
    assert books.kept() == (TOTAL - 2856, 0)
    assert note.number.startswith(f"CN-{books_code(books)}-")
    assert (note.reason, note.title, note.po_number, note.user_id) == (
        "Too many seats", "Meetings for a year", "PO 17", "mmuster",
    )  # fmt: skip
    (line,) = rows(CreditNoteLine)
    assert (line.quantity, line.unit_price, line.net, line.description) == (2, 1200, 2400, "Meeting Pro")
    assert actions() == ["credit_note.issued", "invoice.credited"]


def books_code(books: Books) -> str:
    from billing_core.sellers.models import Seller

    with db.reading() as session:
        return session.get_one(Seller, books.account.seller_id).code


def test_what_is_not_open_becomes_account_credit(books: Books) -> None:
    came(books, 14000)
    note = books.credit({1: Part(net=10000)})
    assert note.total == 11900
    assert books.kept() == (0, 11900 - 815)
    assert books.now().settlement == "paid"


def test_an_invoice_that_is_credited_whole_is_cancelled_also_where_it_was_paid(books: Books) -> None:
    came(books, TOTAL)
    books.credit(ALL)
    assert (books.now().settlement, books.now().balance) == ("cancelled", 0)
    assert books.kept() == (0, TOTAL)
    with pytest.raises(CreditedInFull):
        books.credit(CENT, key="another")


def test_parts_come_to_the_invoice_with_each_rate_of_its_own(books: Books) -> None:
    books.credit({1: Part(net=3333)})
    books.credit({1: Part(net=3333), 2: Part(net=1)}, key="2")
    with db.reading():
        left = invoice_to_credit(books.clerk, books.invoice.public_id)
    books.credit(left.everything(), key="3")
    assert sum(note.total for note in notes()) == TOTAL == books.now().credited
    assert books.now().settlement == "cancelled"
    taxes: dict[int, int] = {}
    for tax in rows(CreditNoteTax):
        taxes[tax.rate] = taxes.get(tax.rate, 0) + tax.tax
    assert taxes == {1900: 2280, 700: 35}


def test_the_same_form_credits_once(books: Books) -> None:
    seen = Seen(2856, 2856)
    first = books.credit({1: Part(quantity=2)}, seen=seen)
    assert books.credit({1: Part(quantity=2)}, seen=seen).public_id == first.public_id
    assert len(notes()) == 1
    assert len(rows(OutboxMail)) == 1
    with pytest.raises(CreditFormUsed):
        books.credit(ALL, seen=Seen(TOTAL, TOTAL))
    other = ledger.invoice(books.account, 5000)
    with pytest.raises(CreditFormUsed):
        credit(books.clerk, other, {1: Part(net=1)})
    books.credit({1: Part(quantity=2)}, key="another form", seen=seen)
    assert len(notes()) == 2


def test_what_is_refused_leaves_nothing(books: Books) -> None:
    for parts, refusal in (
        ({}, NothingChosen), ({1: Part(net=12001)}, PartTooLarge), ({2: Part(net=501)}, PartTooLarge),
        ({3: Part(net=1)}, NothingChosen), ({1: Part(quantity=11)}, PartTooLarge),
    ):  # fmt: skip
        with pytest.raises(refusal):
            books.credit(parts)
    for reason in ("", "  ", "x" * (LONGEST_REASON + 1)):
        with pytest.raises(Invalid):
            books.credit(CENT, reason=reason)
    assert notes() == []
    assert (books.now().balance, books.kept()) == (TOTAL, (TOTAL, 0))
    assert rows(OutboxMail) == []


def test_another_credit_note_meanwhile_changes_what_is_left(books: Books) -> None:
    books.credit({1: Part(net=11999)}, key="meanwhile")
    with pytest.raises(PartTooLarge) as much:
        books.credit(ALL)
    assert str(much.value.params["most"]) == "€0.01"


def test_what_the_page_said_is_what_is_issued_or_nothing(books: Books) -> None:
    came(books, 10000)
    with pytest.raises(StalePreview):
        books.credit(ALL, seen=Seen(TOTAL, TOTAL))
    assert notes() == []
    assert books.credit(ALL, seen=Seen(TOTAL, TOTAL - 10000)).total == TOTAL


def test_who_may(books: Books) -> None:
    for role in ("rep", "rep_manager", "support"):
        with pytest.raises(NotAllowed):
            credit(core.viewer(core.staff(role), Realm.DESK), books.invoice, CENT)
    for viewer in (core.viewer(books.contact), core.viewer(core.contact(core.account()))):
        with pytest.raises(NotAllowed):
            credit(viewer, books.invoice, CENT)
    with pytest.raises(NotFound):
        credit(books.clerk, Invoice(public_id="inv_nothing"), CENT)
    assert notes() == []


def test_an_invoice_issued_elsewhere_is_credited_in_the_sellers_series(books: Books) -> None:
    former = ledger.imported_invoice(books.account, "OLD/77", 5000, paid=2000)
    note = credit(books.clerk, former, {1: Part(net=5000)})
    assert note.number == f"CN-{books_code(books)}-{note.issued_on.year}-000001"
    assert ledger.reread(former).settlement == "cancelled"
    assert books.kept() == (TOTAL, 2000)


def test_an_invoice_in_a_former_currency_of_the_account_is_credited_in_that(books: Books) -> None:
    former = ledger.invoice(books.account, 7000, currency="USD")
    note = credit(books.clerk, former, {1: Part(net=7000)})
    assert note.currency == "USD"
    assert (books.kept("USD"), books.kept()) == ((0, 0), (TOTAL, 0))


@pytest.mark.parametrize(("currency", "tax"), [("JPY", 2), ("KWD", 2)])
def test_currencies_without_and_with_three_decimals(database: object, currency: str, tax: int) -> None:
    books = books_of(currency=currency)
    invoice = db.perform(issue_invoice, ledger.draft(books.account, ledger.line(1111, 1900)), "test")
    parts = [credit(books.clerk, invoice, {1: Part(net=net)}, key=str(net)) for net in (11, 100, 1000)]
    assert [note.tax for note in parts] == [tax, 19, 190]
    assert sum(note.total for note in parts) == invoice.total == 1322


def test_a_plan_serves_the_invoice_it_was_made_for(books: Books) -> None:
    other = ledger.invoice(books.account, 5000)

    def mixed() -> None:
        plan = invoice_to_credit(books.clerk, books.invoice.public_id).plan(CENT)
        found = invoice_to_credit(books.clerk, other.public_id).invoice
        write_credit_note(service._draft(found, plan, "A mistake", "cause", None))

    with pytest.raises(WrongInvoice):
        db.perform(mixed)


def test_the_mail_says_why_in_the_contacts_language(database: object) -> None:
    books = books_of("de")
    note = books.credit({1: Part(quantity=2)}, reason="Zwei Plätze zu viel")
    (mail,) = rows(OutboxMail)
    assert (mail.kind, mail.subject) == ("credit-note-issued", f"Gutschrift {note.number}")
    for told in ("Guten Tag Maria Muster", "Zwei Plätze zu viel", f"Abgezogen von Rechnung {books.invoice.number}"):
        assert told in mail.text_body
    (document,) = rows(Document)
    assert (document.kind, document.filename) == ("credit-note", f"{note.number}.pdf")


def test_without_an_active_contact_it_is_printed_and_not_mailed(books: Books) -> None:
    def leave() -> None:
        contact = db.session().scalars(select(BillingContact)).one()
        contact.is_primary, contact.removed_at = False, books.invoice.issued_at

    db.perform(leave)
    note = books.credit(CENT)
    assert (note.contact_id, note.user_id) == (None, "")
    assert rows(OutboxMail) == []
    assert [document.subject for document in rows(Document)] == [note.public_id]
    assert "credit_note.not_mailed" in actions()


def test_a_failure_of_the_last_step_leaves_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service, "send_credit_note", broken)
    with pytest.raises(RuntimeError):
        books.credit(ALL)
    assert notes() == []
    assert (books.now().balance, books.now().credited) == (TOTAL, 0)
    monkeypatch.undo()
    assert books.credit(ALL).number.endswith("-000001"), "no number is lost"


def waiting() -> list[str]:
    return [job.arguments["payment"] for job in rows(Job) if job.kind == booking.WITHDRAW]


def test_a_card_payment_that_became_needless_is_ended(books: Books, tmp_path: Any) -> None:
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")
        payment = card.pay_invoice(core.viewer(books.contact), books.invoice.public_id, 10000)
        books.credit({1: Part(net=4000)}, key="fits")
        assert waiting() == [], "both fit"
        books.credit({1: Part(net=100)}, key="does not")
        assert waiting() == [payment.public_id]
        card.withdraw_payment(payment.public_id)
        assert payment_named(payment.public_id).state == "cancelled"
        assert not till.is_open(payment)


def test_the_address_is_that_of_the_invoice_and_the_contact_that_of_today(books: Books) -> None:
    successor = core.contact(books.account, core.person("Nina Neu"), user_id="nneu")

    def change() -> None:
        from billing_core.accounts import Account

        db.session().get_one(Account, books.account.id).street = "Elsewhere 9"
        former = db.session().scalars(select(BillingContact).where(BillingContact.user_id == "mmuster")).one()
        former.is_primary, former.removed_at = False, books.invoice.issued_at

    db.perform(change)
    note = books.credit(CENT)
    assert b"Nebenweg 2" in note.bill_to
    assert b"Nina Neu" in note.bill_to
    assert (note.user_id, rows(OutboxMail)[0].recipient) == ("nneu", successor.email)


def test_two_clerks_have_forms_of_their_own(books: Books) -> None:
    books.credit({1: Part(net=100)}, key="same")
    credit(finance(), books.invoice, {1: Part(net=100)}, key="same")
    assert len(notes()) == 2
