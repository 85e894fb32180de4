"""Credit notes: off the invoice that they name first, the rest as account credit; numbered in a series of their own."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from billing_core import db, numbering
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.ledger.crediting import (
    NothingToCredit,
    WrongInvoice,
    issue_credit_note,
)
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, CreditNote, CreditNoteTax, Invoice
from billing_core.ledger.queries import CreditUse, credit_use
from billing_core.ledger.service import issue_invoice
from tests.factories import core, ledger

pytestmark = pytest.mark.usefixtures("database")


def kept(of: Account) -> tuple[int, int]:
    with db.reading() as session:
        row = session.scalars(select(AccountBalance).where(AccountBalance.account_id == of.id)).one()
        return row.open, row.credit


def use(of: CreditNote) -> CreditUse:
    with db.reading():
        return credit_use(of.public_id, of.total)


def test_it_reduces_the_invoice_that_it_names() -> None:
    account = core.account()
    invoice = ledger.invoice(account, 10000)
    note = ledger.credit_note(account, 2500, invoice)
    assert (ledger.reread(invoice).balance, kept(account)) == (7500, (7500, 0))
    assert use(note) == CreditUse(2500, 0)
    with db.reading() as session:
        booked = session.scalars(select(Allocation)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "credit_note.issued")).one()
    assert (booked.kind, booked.reference, booked.amount) == ("credit_note", note.public_id, 2500)
    assert json.loads(entry.detail) == {"number": note.number, "total": 2500}


def test_what_is_more_than_the_balance_becomes_account_credit() -> None:
    account = core.account()
    invoice = ledger.invoice(account, 10000)
    first, second = ledger.credit_note(account, 8000, invoice), ledger.credit_note(account, 5000, invoice)
    third = ledger.credit_note(account, 700, invoice)
    assert (ledger.reread(invoice).balance, kept(account)) == (0, (0, 3700))
    assert [use(note) for note in (first, second, third)] == [
        CreditUse(8000, 0), CreditUse(2000, 3000), CreditUse(0, 700),
    ]  # fmt: skip


def test_without_an_invoice_all_of_it_becomes_account_credit() -> None:
    account = core.account()
    ledger.invoice(account, 10000)
    note = ledger.credit_note(account, 4000)
    assert (kept(account), use(note)) == ((10000, 4000), CreditUse(0, 4000))
    with db.reading() as session:
        entry = session.scalars(select(CreditEntry)).one()
    assert (entry.kind, entry.amount, entry.reference) == ("credit_note", 4000, note.public_id)


def test_tax_is_credited_as_it_was_charged() -> None:
    account = core.account()
    said = ledger.credit_draft(account, ledger.line(9990, 1900), ledger.line(333, 1900), ledger.line(100))
    note = db.perform(issue_credit_note, said, "test")
    assert (note.net, note.tax, note.total) == (10423, 1961, 12384)
    with db.reading() as session:
        rows = session.execute(select(CreditNoteTax.category, CreditNoteTax.net, CreditNoteTax.tax))
        assert sorted(tuple(row) for row in rows) == [("O", 100, 0), ("S", 10323, 1961)]


def test_the_numbers_are_a_series_of_their_own() -> None:
    seller = core.seller()
    account = core.account(seller)
    invoice = ledger.invoice(account, 1000)
    year = invoice.issued_on.year
    numbers = [ledger.credit_note(account, 10).number for _ in range(2)]
    assert numbers == [f"CN-{seller.code}-{year}-00000{n}" for n in (1, 2)]
    assert invoice.number == f"{seller.code}-{year}-000001"


@pytest.mark.parametrize("code", ["CN-DE", "ORD-DE", "", "Q "])
def test_no_seller_numbers_into_the_series_of_another(code: str) -> None:
    account = core.account()
    wanted = replace(ledger.draft(account), seller_code=code)
    with pytest.raises(ValueError, match="not the parts"):
        numbering.series(code, 2026)
    with pytest.raises(ValueError, match="not the parts"):
        db.perform(issue_invoice, wanted, "test")
    with db.reading() as session:
        assert session.scalars(select(Invoice)).all() == []


def test_a_cause_credits_once() -> None:
    account = core.account()
    ledger.credit_note(account, 1000, cause="ord_1")
    with pytest.raises(IntegrityError):
        ledger.credit_note(account, 1000, cause="ord_1")
    assert kept(account) == (0, 1000)


def test_nothing_and_other_peoples_invoices_are_refused() -> None:
    account, other = core.account(), core.account()
    foreign = ledger.invoice(other, 10000)
    dollars = ledger.invoice(account, 10000, currency="USD")
    for lines in ((ledger.line(0),), (ledger.line(-5),), (ledger.line(10), ledger.line(-5))):
        with pytest.raises(NothingToCredit):
            db.perform(issue_credit_note, ledger.credit_draft(account, *lines), "test")
    for invoice in (foreign, dollars):
        with pytest.raises(WrongInvoice):
            ledger.credit_note(account, 100, invoice)
    with db.reading() as session:
        assert session.scalars(select(CreditNote)).all() == []
        assert session.scalars(select(CreditEntry)).all() == []
