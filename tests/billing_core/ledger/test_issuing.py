"""Issuing: the number, the sums, the kept balance, the audit entry; all or nothing."""

import json
from datetime import date

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid
from billing_core.ledger.models import AccountBalance, Allocation, Invoice, InvoiceLine, InvoiceTax
from billing_core.ledger.queries import balances_of
from billing_core.ledger.service import (
    BillTo,
    ImportedInvoice,
    NegativeInvoice,
    import_invoice,
    issue_invoice,
)
from tests.factories import core, ledger

pytestmark = pytest.mark.usefixtures("database")


def test_an_invoice_has_its_lines_taxes_and_balance() -> None:
    account = core.account(currency="EUR")
    wanted = ledger.draft(account, ledger.line(9990, 1900), ledger.line(5000, 1900, discount=500), ledger.line(100))
    invoice = db.perform(issue_invoice, wanted, "test")
    assert (invoice.net, invoice.tax, invoice.total, invoice.balance) == (14590, 2753, 17343, 17343)
    with db.reading() as session:
        rows = session.execute(select(InvoiceTax.category, InvoiceTax.net, InvoiceTax.tax).order_by(InvoiceTax.id))
        assert [tuple(row) for row in rows] == [("S", 14490, 2753), ("O", 100, 0)]
        assert session.scalars(select(InvoiceLine.net).order_by(InvoiceLine.position)).all() == [9990, 4500, 100]
        assert BillTo.from_bytes(session.scalars(select(Invoice.bill_to)).one()) == wanted.bill_to
        assert session.scalars(select(AccountBalance.open)).one() == 17343
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "invoice.issued")).one()
    assert json.loads(entry.detail) == {"number": invoice.number, "total": 17343}
    assert entry.subject == invoice.public_id


def test_numbers_run_without_gaps_per_series_even_over_failures() -> None:
    account = core.account()
    seller = ledger.draft(account).seller_code
    first = ledger.invoice(account, issued_on=date(2026, 5, 1), due_on=date(2026, 6, 1))

    def fails() -> None:
        issue_invoice(ledger_draft, "test")
        raise RuntimeError("after the number was taken")

    ledger_draft = ledger.draft(account, issued_on=date(2026, 5, 2), due_on=date(2026, 6, 1))
    with pytest.raises(RuntimeError):
        db.perform(fails)
    second = ledger.invoice(account, issued_on=date(2026, 5, 3), due_on=date(2026, 6, 1))
    other_year = ledger.invoice(account, issued_on=date(2027, 1, 1), due_on=date(2027, 2, 1))
    assert [i.number for i in (first, second, other_year)] == [
        f"{seller}-2026-000001", f"{seller}-2026-000002", f"{seller}-2027-000001",
    ]  # fmt: skip


def test_a_negative_sum_is_no_invoice_and_nothing_is_written() -> None:
    account = core.account()
    wanted = ledger.draft(account, ledger.line(100), ledger.line(100, discount=300))
    with pytest.raises(NegativeInvoice):
        db.perform(issue_invoice, wanted, "test")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 0
        assert session.scalar(select(func.count()).select_from(AccountBalance)) == 0


def test_an_invoice_of_nothing_is_paid_at_once() -> None:
    invoice = ledger.invoice(core.account(), 0)
    assert invoice.settlement == "paid"
    assert not invoice.is_past_due(date(2100, 1, 1))


def test_an_imported_invoice_keeps_its_number_and_what_was_paid() -> None:
    account = core.account(currency="JPY")
    invoice = ledger.imported_invoice(account, "OLD/77", 5000, paid=2000)
    assert (invoice.number, invoice.balance, invoice.settlement) == ("OLD/77", 3000, "partially_paid")
    assert invoice.issued_elsewhere
    with db.reading() as session:
        paid = session.scalars(select(Allocation)).one()
        (kept,) = balances_of([account.id])
    assert (paid.kind, paid.amount, paid.reference) == ("imported", 2000, "test:OLD/77")
    assert (kept.open, kept.credit, kept.currency) == (3000, 0, "JPY")


@pytest.mark.parametrize("paid", [-1, 10001])
def test_an_import_cannot_have_been_paid_beyond_its_total(paid: int) -> None:
    account = core.account()
    whole = ImportedInvoice(ledger.draft(account, ledger.line(10000)), "test", "x", "X-1", paid)
    with pytest.raises(Invalid) as refused:
        db.perform(import_invoice, whole, "import")
    assert refused.value.field == "paid"


def test_balances_are_kept_per_currency_and_only_what_is_not_zero_is_shown() -> None:
    account, other = core.account(), core.account()
    ledger.invoice(account, 500)
    ledger.invoice(account, 700, currency="USD")
    ledger.invoice(account, 0, currency="GBP")
    ledger.invoice(other, 900)
    with db.reading():
        assert [(b.currency, b.open) for b in balances_of([account.id])] == [("EUR", 500), ("USD", 700)]
        assert balances_of([]) == []
