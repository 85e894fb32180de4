"""The CSV: every entry, as a spreadsheet of the language opens it, harmless, and read in short transactions."""

import csv
import io
from datetime import timedelta

import pytest

from billing_core import clock, db
from corporate_portal.statement import showing
from corporate_portal.statement.books import movements
from tests.corporate_portal.invoices.conftest import Desk
from tests.corporate_portal.statement.conftest import came
from tests.factories import ledger


def cells(text: str, delimiter: str = ",") -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


def test_it_has_every_entry_between_the_balances(desk: Desk) -> None:
    came(desk.account, 4000)
    answer = desk.browser.get("/statement.csv").response
    day = clock.today("Europe/Berlin")
    first = day - timedelta(days=89)
    assert answer.content_type == "text/csv; charset=utf-8"
    name = f"Statement {desk.account.number} {first} to {day}.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    due = desk.invoice.due_on.strftime("%-d %b %Y")
    assert cells(answer.get_data(as_text=True)) == [
        ["Date", "Entry", "Reference", "Details", "Amount", "Account balance", "Currency"],
        [str(first), "Opening balance", "", "", "", "0.00", "EUR"],
        [str(day), "Invoice", desk.invoice.number, f"due on {due}", "100.00", "100.00", "EUR"],
        [str(day), "Bank transfer", "Lindner, thanks", f"for invoice {desk.invoice.number}", "-40.00", "60.00", "EUR"],
        [str(day), "Closing balance", "", "", "", "60.00", "EUR"],
    ]


def test_german_spreadsheets_want_semicolons_and_commas(desk: Desk) -> None:
    ledger.invoice(desk.account, 123_456_78)
    answer = desk.someone(locale="de").get("/statement.csv").response
    found = cells(answer.get_data(as_text=True), ";")
    assert found[0] == ["Datum", "Buchung", "Referenz", "Einzelheiten", "Betrag", "Saldo", "Währung"]
    assert found[3][4:] == ["123456,78", "123556,78", "EUR"]
    assert "Kontoauszug" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "evil", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\uff1d1+1", " =1+1", "\t=1"]
)
def test_no_text_of_others_becomes_a_formula(desk: Desk, evil: str) -> None:
    came(desk.account, 100, reference=evil)
    found = cells(desk.browser.get("/statement.csv").response.get_data(as_text=True))
    assert found[3][2] == f"'{evil.strip()}"
    assert found[3][4] == "-1.00", "amounts are ours, and numbers"


def test_quotes_and_separators_stay_in_their_cell(desk: Desk) -> None:
    came(desk.account, 100, reference='a, "b"; c')
    text = desk.browser.get("/statement.csv").response.get_data(as_text=True)
    assert cells(text)[3][2] == 'a, "b"; c'


def test_a_long_one_is_read_in_parts_and_no_transaction_is_open_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movements, "AT_A_TIME", 4)
    monkeypatch.setattr(showing, "LINES_AT_A_TIME", 3)
    for _ in range(11):
        ledger.invoice(desk.account, 100)
        came(desk.account, 100)
    answer = desk.browser.browser.get("/statement.csv", buffered=False)
    assert answer.is_streamed
    parts, open_ones = [], []
    for part in answer.response:
        parts.append(part)
        open_ones.append(db.in_transaction())
    assert len(parts) > 5
    assert not any(open_ones)
    found = cells(b"".join(parts).decode())
    assert len(found) == 1 + 1 + 12 + 11 + 1
    assert found[-1][5] == "100.00"
    assert [row[5] for row in found[2:14]] == [f"{100 + n}.00" for n in range(12)]


def test_exactly_full_parts_lose_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for lines in range(1, 6):
        monkeypatch.setattr(showing, "LINES_AT_A_TIME", lines)
        found = cells(desk.browser.get("/statement.csv").response.get_data(as_text=True))
        assert [row[1] for row in found[1:]] == ["Opening balance", "Invoice", "Closing balance"]


def test_it_is_of_the_chosen_period_and_currency(desk: Desk) -> None:
    ledger.invoice(desk.account, 5000, currency="USD")
    found = cells(desk.browser.get("/statement.csv?currency=USD").response.get_data(as_text=True))
    assert [row[6] for row in found[1:]] == ["USD"] * 3
    assert found[-1][5] == "50.00"
    old = cells(desk.browser.get("/statement.csv?first=2025-01-01&last=2025-01-31").response.get_data(as_text=True))
    assert [row[1] for row in old[1:]] == ["Opening balance", "Closing balance"]


def test_nobody_else_gets_it(desk: Desk) -> None:
    found = cells(desk.stranger().get("/statement.csv").response.get_data(as_text=True))
    assert len(found) == 3
