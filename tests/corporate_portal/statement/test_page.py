"""The page: where the account stands, what is due when, every entry of a period, and how to pay."""

from datetime import date, timedelta

import pytest

from billing_core import clock, db
from billing_core.payments import service
from billing_core.payments.booking import use_credit
from billing_core.payments.models import Payment
from corporate_portal.statement import views
from tests.client import Client, Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.corporate_portal.statement.conftest import came
from tests.factories import core, ledger
from tests.factories.sql import rows, statements


def today() -> date:
    return clock.today("Europe/Berlin")


def table(page: Page) -> list[list[str]]:
    """The cells of the entries, row by row."""
    found = page.html.select(".list-table tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in found]


def due(page: Page) -> dict[str, str]:
    found = page.html.select(".due-chart tbody tr")
    return {" ".join(r.th.get_text().split()): " ".join(r.get_text(" ").split()) for r in found if r.th}


def test_what_is_due_when_stands_beside_its_bar(desk: Desk) -> None:
    for days, amount in ((-1, 500), (0, 700), (7, 1), (8, 30), (60, 40), (61, 50)):
        ledger.invoice(desk.account, amount, due_on=today() + timedelta(days=days))
    page = desk.browser.get("/statement")
    assert "Open balance €113.21" in page.words
    assert "€5.00 of it is past due" in page.words
    assert due(page) == {
        "Past due": "Past due 1 invoice €5.00",
        "Next 7 days": "Next 7 days 2 invoices €7.01",
        "In 8 to 30 days": "In 8 to 30 days 2 invoices €100.30",
        "In 31 to 60 days": "In 31 to 60 days 1 invoice €0.40",
        "Later": "Later 1 invoice €0.50",
    }
    bars = [bar["width"] for bar in page.html.select(".due-fill")]
    assert bars == ["4", "6", "100", "1", "1"]


def test_every_kind_of_entry_has_its_row_and_the_balance_after_it(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    booked = came(desk.account, 7000, {desk.invoice.public_id: 1000}, on=today() - timedelta(days=3))
    note = ledger.credit_note(desk.account, 500, desk.invoice)
    db.perform(use_credit, core.viewer(desk.payer), desk.invoice.public_id, 2000, "key")
    ledger.imported_invoice(desk.account, "OLD-1", 900, paid=400)
    page = desk.browser.get("/statement")
    day = today().strftime("%-d %b %Y")
    received = (today() - timedelta(days=3)).strftime("%-d %b %Y")
    number, due_on = desk.invoice.number, desk.invoice.due_on.strftime("%-d %b %Y")
    assert [row[1:] for row in table(page)][1:-1] == [
        [f"Invoice {number} due on {due_on}", "€100.00", "€100.00"],
        [f"Invoice OLD-1 due on {due_on}", "€9.00", "€109.00"],
        ["Paid before this portal was used for invoice OLD-1", "-€4.00", "€105.00"],
        [f"Card payment Visa •••• 4242; for invoice {number}", "-€40.00", "€65.00"],
        [
            f"Bank transfer Lindner, thanks; received on {received}; for invoice {number}", "-€70.00", "-€5.00",
        ],
        [f"Credit note {note.number} for invoice {number}", "-€5.00", "-€10.00"],
        [f"Account credit used for invoice {number}", "€0.00 €20.00 of account credit", "-€10.00"],
    ]  # fmt: skip
    assert {row[0] for row in table(page)[1:]} == {day}
    assert "Closing balance -€10.00" in page.words
    assert "Invoiced €109.00" in page.words
    assert "Credited -€5.00" in page.words
    assert "Paid -€114.00" in page.words
    for link in (f"/invoices/{desk.invoice.public_id}", f"/credit-notes/{note.public_id}"):
        assert page.html.select(f'.list-table a[href="{link}"]')
    for public_id in (booked.public_id, payment.public_id):
        assert page.html.select(f'.list-table a[href="/statement/receipts/{public_id}"]')


def test_a_payment_for_several_invoices_is_one_entry(desk: Desk) -> None:
    other = ledger.invoice(desk.account, 2000)
    came(desk.account, 13000)
    (row,) = [row for row in table(desk.browser.get("/statement")) if row[1].startswith("Bank transfer")]
    assert f"for invoices {desk.invoice.number}, {other.number}" in row[1]
    assert row[2:] == ["-€130.00", "-€10.00"]


def test_the_period_is_chosen_by_dates(desk: Desk) -> None:
    ledger.invoice(desk.account, 700, issued_on=date(2025, 3, 31), due_on=date(2025, 4, 30))
    ledger.invoice(desk.account, 900, issued_on=date(2025, 4, 1), due_on=date(2025, 4, 30))
    page = desk.browser.get("/statement?first=2025-04-01&last=2025-04-30")
    assert "Opening balance €7.00" in page.words
    assert "Closing balance €16.00" in page.words
    assert len(table(page)) == 3
    one_day = desk.browser.get("/statement?first=31.03.2025&last=2025-03-31")
    assert "Closing balance €7.00" in one_day.words
    assert 'value="2025-03-31"' in one_day.text


def test_without_dates_it_is_ninety_days(desk: Desk) -> None:
    page = desk.browser.get("/statement")
    first = today() - timedelta(days=89)
    assert f'value="{first}"' in page.text
    assert f'value="{today()}"' in page.text
    chosen = page.html.select_one(".quick-choices a[aria-current]")
    assert chosen is not None
    assert chosen.get_text() == "Last 90 days"
    for link in page.html.select(".quick-choices a"):
        assert desk.browser.get(str(link["href"])).status == 200


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("first=nonsense", "first", "Enter a date"),
        ("first=2026-02-30", "first", "Enter a date"),
        ("last=1999-12-31", "last", "between 2000 and 2100"),
        ("last=2099-12-31", "last", "cannot end after today"),
        ("first=2026-02-02&last=2026-02-01", "first", "must not be after the last"),
        ("first=" + "9" * 5000, "first", "Enter a date"),
        ("first=%07&last=0000-00-00", "first", "Enter a date"),
        ("first=\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661", "first", "Enter a date"),
    ],
)
@pytest.mark.parametrize("path", ["/statement", "/statement.csv"])
def test_days_that_cannot_be_are_said_beside_the_field(
    desk: Desk, path: str, query: str, field: str, sentence: str
) -> None:
    page = desk.browser.get(f"{path}?{query}")
    assert page.status == 400
    error = page.html.select_one(f"#{field}-error")
    assert error is not None, page.words
    assert sentence in error.get_text()
    assert "Open balance €100.00" in page.words


@pytest.mark.parametrize("currency", ["XXX", "eur", "x" * 3000, "E'--"])
@pytest.mark.parametrize("path", ["/statement", "/statement.csv"])
def test_a_currency_that_the_account_never_had_is_not_found(desk: Desk, path: str, currency: str) -> None:
    assert desk.browser.get(path, query_string={"currency": currency}).status == 404


def test_each_currency_has_a_statement_of_its_own(desk: Desk) -> None:
    ledger.invoice(desk.account, 5000, currency="USD")
    euro = desk.browser.get("/statement")
    assert [link.get_text() for link in euro.html.select('nav[aria-label="Which currency"] a')] == ["EUR", "USD"]
    assert "€100.00" in euro.words
    assert "$50.00" not in euro.words
    dollars = desk.browser.get("/statement?currency=USD")
    assert "Open balance $50.00" in dollars.words
    assert "€" not in " ".join(cell for row in table(dollars) for cell in row)
    assert not dollars.html.select(".pay-code")
    assert dollars.form("statement/pdf")["currency"] == "USD"


def test_a_long_period_shows_a_part_and_exact_sums(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_SHOWN", 3)
    for _ in range(4):
        ledger.invoice(desk.account, 100)
    page = desk.browser.get("/statement")
    assert len(table(page)) == 3 + 2
    assert "first 3 entries" in page.words
    assert "Closing balance €104.00" in page.words
    assert "Invoiced €104.00" in page.words


def test_the_number_of_statements_does_not_grow(desk: Desk) -> None:
    def sent() -> int:
        desk.browser.get("/statement")
        with statements() as ran:
            assert desk.browser.get("/statement").status == 200
        return len(ran)

    came(desk.account, 100)
    few = sent()
    for n in range(30):
        ledger.imported_invoice(desk.account, f"OLD-{n:03}", 100, paid=50)
        came(desk.account, 100)
    assert sent() == few


def test_payments_under_way_are_shown_with_what_can_be_done(desk: Desk, payment: Payment) -> None:
    page = desk.browser.get("/statement")
    assert "Card payments under way €40.00" in page.words
    assert "A card payment of €40.00 is under way" in page.words
    assert "Continue the payment" in page.words
    assert "Cancel the payment" in page.words
    assert "Amount €60.00" in page.words, "what a card is about to pay is not to be transferred as well"
    reader = desk.someone("accept").get("/statement")
    assert "is under way" in reader.words
    assert "Continue the payment" not in reader.words
    service.cancel_payment(core.viewer(desk.payer), payment.public_id)
    assert "under way" not in desk.browser.get("/statement").words


def test_the_data_of_a_transfer_can_be_copied(desk: Desk) -> None:
    for path, reference in (("/statement", desk.account.number), (desk.address, desk.invoice.number)):
        page = desk.browser.get(path)
        copied = {str(button["data-copy"]) for button in page.html.select("button[data-copy]")}
        assert {"DE02120300000000202051", "BYLADEM1001", reference, "100.00"} <= copied
        assert "DE02 1203 0000 0000 2020 51" in page.words
        assert page.html.select(".pay-code svg path")


def test_a_payee_without_an_iban_has_no_code(desk: Desk) -> None:
    account = core.account(core.seller("US", iban="000123456789", bic="021000021"), currency="USD")
    client = Client(desk.app).sign_in(core.contact(account))
    ledger.invoice(account, 5000)
    page = client.get("/statement")
    assert "Account number 000123456789" in page.words
    assert not page.html.select(".pay-code")


def test_who_may_only_look_sees_it_and_nobody_elses(desk: Desk) -> None:
    assert "€100.00" in desk.someone("").get("/statement").words
    page = desk.stranger().get("/statement")
    assert desk.invoice.number not in page.words
    assert "Nothing is open" in page.words
    assert "Pay by bank transfer" not in page.words


def test_only_the_chosen_account_is_told(desk: Desk) -> None:
    other = core.account(name="Other AG")
    ledger.invoice(other, 333)
    who = core.contact(desk.account)
    core.contact(other, who)
    words = Client(desk.app).sign_in(who).get("/statement").words
    assert ("€3.33" in words) != ("€100.00" in words)


def test_looking_writes_nothing(desk: Desk) -> None:
    desk.browser.get("/statement")
    before = rows({"sign_in_session"})
    for path in ("/statement", "/statement.csv", "/statement/receipts"):
        desk.browser.get(path)
    assert rows({"sign_in_session"}) == before


def test_the_page_in_german(desk: Desk) -> None:
    came(desk.account, 500, on=date(2026, 3, 2))
    page = desk.someone(locale="de").get("/statement")
    assert page.h1 == "Kontoauszug"
    assert "Anfangssaldo 0,00 €" in page.words
    assert f"eingegangen am 02.03.2026; zu Rechnung {desk.invoice.number}" in page.words
    assert "Endsaldo 95,00 €" in page.words
    assert "In 8 bis 30 Tagen 1 Rechnung 95,00 €" in page.words
