"""The file for bookkeeping: every movement of a period once, with its taxes, document and counter-document."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from billing_core import clock, db
from billing_core.ledger.service import issue_invoice
from billing_core.payments import booking
from corporate_portal.receivables import showing
from corporate_portal.receivables.books import rows
from corporate_portal.receivables.books.exporting import COLUMNS
from tests.client import Client
from tests.corporate_portal.receivables.conftest import at, customer, disputed_with_the_bank, finance, late, paid
from tests.factories import core, ledger

TODAY = "Europe/Berlin"


def lines_of(clerk: Client, seller: str = "", **days: Any) -> list[dict[str, str]]:
    """The file as rows by column."""
    today = clock.today(TODAY)
    asked = {"seller": seller, "first": today - timedelta(days=5), "last": today} | days
    answer = clerk.browser.get("/desk/bookkeeping.csv", query_string=asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    read = csv.reader(io.StringIO(answer.get_data(as_text=True)))
    assert tuple(next(read)) == COLUMNS
    return [dict(zip(COLUMNS, line, strict=True)) for line in read]


def told(lines: list[dict[str, str]], *columns: str) -> list[tuple[str, ...]]:
    return [tuple(line[column] for column in columns) for line in lines]


def test_documents_stand_with_each_of_their_tax_rates(clerk: Client) -> None:
    account = customer()
    drawn = ledger.draft(
        account, ledger.line(10000, 1900), ledger.line(5000, 700), po_number="PO 7", order_number="SO 1"
    )
    invoice = db.perform(issue_invoice, drawn, "test")
    note = ledger.credit_note(account, 2000, invoice)
    found = lines_of(clerk)
    columns = ("kind", "document", "net", "tax_rate", "tax", "gross", "receivables", "credit", "counter_document")
    assert told(found, *columns) == [
        ("invoice", invoice.number, "100.00", "19.00", "19.00", "119.00", "119.00", "0.00", "SO 1"),
        ("invoice", invoice.number, "50.00", "7.00", "3.50", "53.50", "53.50", "0.00", "SO 1"),
        ("credit_note", note.number, "-20.00", "0.00", "0.00", "-20.00", "0.00", "0.00", invoice.number),
        ("credit_note_applied", note.number, "", "", "", "", "-20.00", "0.00", invoice.number),
    ]
    assert {line["account"] for line in found} == {account.number}
    assert found[0]["reference"] == "PO 7"


def test_money_says_how_it_came_and_what_it_paid(clerk: Client) -> None:
    account = customer()
    payer, invoice = ledger.payer(account), late(account, 3, 10000)
    by_card = late(account, 2, 4000)
    came = paid(account, 12000, shares={invoice.public_id: 10000})
    payment = disputed_with_the_bank(by_card, payer, "lost")
    db.perform(booking.use_credit, finance(), by_card.public_id, 500, "key")
    db.perform(booking.return_incoming, finance(), came.public_id, "Bounced")
    found = lines_of(clerk)
    columns = ("kind", "document", "receivables", "credit", "way", "reference", "counter_document")
    assert told(found, *columns)[:8] == [
        ("incoming", came.public_id, "-100.00", "0.00", "bank_transfer", "Thanks", invoice.number),
        ("overpayment", came.public_id, "0.00", "20.00", "bank_transfer", "Thanks", ""),
        ("card", payment.public_id, "-40.00", "0.00", "card", payment.processor_intent, by_card.number),
        ("dispute", found[3]["document"], "40.00", "0.00", "dispute", payment.processor_intent, by_card.number),
        ("credit_used", "", "-5.00", "0.00", "", "", by_card.number),
        ("credit_used", "", "0.00", "-5.00", "", "", by_card.number),
        ("returned", came.public_id, "100.00", "0.00", "bank_transfer", "Thanks", invoice.number),
        ("credit_used", "", "5.00", "0.00", "", "", by_card.number),
    ]
    assert found[3]["document"].startswith("dsp_")


def test_amounts_have_the_digits_of_their_currency(clerk: Client) -> None:
    for currency in ("EUR", "JPY", "KWD"):
        ledger.invoice(customer(currency=currency), 12345)
    every = [line for seller in sellers() for line in told(lines_of(clerk, seller), "currency", "gross")]
    assert sorted(every) == [("EUR", "123.45"), ("JPY", "12345"), ("KWD", "12.345")]


def sellers() -> list[str]:
    from sqlalchemy import select

    from billing_core.sellers.models import Seller

    with db.reading() as session:
        return list(session.scalars(select(Seller.code)))


def test_days_are_those_of_the_sellers_calendar(app: Flask) -> None:
    """The last second of a day, and the first of the next, across the shift of the clocks."""
    from billing_core.permissions import Realm

    account = customer()
    moments = ((24, 23, 59), (25, 0, 0), (25, 23, 59), (26, 0, 0))
    for day, hour, minute in [(date(2026, 10, one), hour, minute) for one, hour, minute in moments]:
        with at(day, hour, minute):
            paid(account, 100)
    with at(date(2026, 10, 27)):
        clerk = Client(app).sign_in(core.staff("finance"), Realm.DESK)
        found = lines_of(clerk, first="2026-10-25", last="2026-10-25")
        assert told(found, "date", "kind") == [("2026-10-25", "overpayment")] * 2
        assert len(lines_of(clerk, first="2026-10-24", last="2026-10-26")) == 4


def test_another_sellers_movements_are_not_in_it(clerk: Client) -> None:
    one, other = core.seller("DE"), core.seller("AT")
    ours, theirs = ledger.invoice(customer(of=one)), ledger.invoice(customer(of=other))
    assert told(lines_of(clerk, one.code), "document", "seller") == [(ours.number, one.code)]
    assert told(lines_of(clerk, other.code), "document") == [(theirs.number,)]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@A1", "\uff1d1"])
def test_nothing_of_others_becomes_a_formula(clerk: Client, evil: str) -> None:
    account = customer(evil)
    drawn = ledger.draft(account, ledger.line(), po_number=evil)
    db.perform(issue_invoice, drawn, "test")
    (line,) = lines_of(clerk)
    assert (line["name"], line["reference"]) == (f"'{evil}", f"'{evil}")


def test_what_was_paid_elsewhere_falls_on_the_day_of_its_invoice(clerk: Client) -> None:
    ledger.imported_invoice(customer(), "OLD-1", 10000, 4000)
    assert told(lines_of(clerk), "kind", "receivables") == [("invoice", "100.00"), ("imported", "-40.00")]


def test_a_long_one_is_read_in_parts_without_a_transaction(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_A_TIME", 3)
    monkeypatch.setattr(showing, "LINES_AT_A_TIME", 4)
    account = customer()
    for _ in range(8):
        ledger.invoice(account, 100)
        paid(account, 150)
        ledger.credit_note(account, 10)
    today = clock.today(TODAY)
    answer = clerk.browser.get(f"/desk/bookkeeping.csv?first={today}&last={today}", buffered=False)
    assert answer.is_streamed
    parts, open_ones = [], []
    for part in answer.response:
        parts.append(part)
        open_ones.append(db.in_transaction())
    assert len(parts) > 5
    assert not any(open_ones)
    lines = b"".join(parts).decode().strip().splitlines()
    assert len(lines) == len(set(lines)) or len(lines) == 1 + 8 * 5
    assert len(lines) == 1 + 8 * 5


def test_what_is_booked_meanwhile_is_not_in_it(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_A_TIME", 2)
    monkeypatch.setattr(showing, "LINES_AT_A_TIME", 1)
    account = customer()
    for _ in range(5):
        ledger.invoice(account, 100)
    today = clock.today(TODAY)
    answer = clerk.browser.get(f"/desk/bookkeeping.csv?first={today}&last={today}", buffered=False)
    parts = iter(answer.response)
    next(parts)
    ledger.invoice(account, 100)
    assert len(list(parts)) == 5


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-02-01&last=2026-01-01", "The first day must not be after the last."),
        ("first=2026-02-01&last=2099-01-01", "The last day must not be after today."),
        ("first=&last=2026-01-01", "Please fill in this field."), ("first=x&last=2026-01-01", "Enter a date"),
        ("first=2026-01-01&last=2026-01-01&seller=XX", "Choose a seller from the list."),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_said(clerk: Client, query: str, sentence: str) -> None:
    core.seller()
    page = clerk.get(f"/desk/bookkeeping.csv?{query}")
    assert (page.status, sentence in page.words) == (400, True)
    assert clerk.get("/desk/bookkeeping").status == 200
