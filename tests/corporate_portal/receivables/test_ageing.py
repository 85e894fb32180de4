"""Open items by age: sums, accounts and items; the same however many there are."""

import csv
import io

import pytest
from flask import Flask

from billing_core import clock, db
from billing_core.payments.service import pay_invoice
from billing_core.permissions import Realm
from corporate_portal.receivables.queries import ageing
from corporate_portal.receivables.views import ageing as views
from tests.client import Client, Page
from tests.corporate_portal.receivables.conftest import customer, days_later, disputed_with_the_bank, late, paid
from tests.factories import core, ledger
from tests.factories.sql import statements


def bars(page: Page) -> dict[str, tuple[str, str]]:
    """Count and sum of each age."""
    return {
        " ".join(row.th.get_text().split()): (
            " ".join(row.select_one(".due-count").get_text().split()), row.select_one(".money").get_text().strip()
        )
        for row in page.html.select(".due-chart tbody tr")
    }  # fmt: skip


def accounts(page: Page) -> list[str]:
    return [" ".join(link.get_text().split()) for link in page.html.select("table.list-table a.row-link")]


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (-5, "Not due yet"), (0, "Not due yet"), (1, "1 to 30 days"), (30, "1 to 30 days"), (31, "31 to 60 days"),
        (60, "31 to 60 days"), (61, "61 to 90 days"), (90, "61 to 90 days"), (91, "Over 90 days"),
    ],
)  # fmt: skip
def test_each_border_of_the_ages(clerk: Client, days: int, age: str) -> None:
    late(customer(), days)
    page = clerk.get("/desk/receivables")
    assert [name for name, (count, _sum) in bars(page).items() if count == "1 invoice"] == [age]
    assert bars(page)[age][1] == "€100.00"


def test_the_day_is_the_one_of_each_invoices_seller(clerk: Client) -> None:
    """Due on the same day: it is already past in Auckland."""
    early, later = core.seller("AT", timezone="Pacific/Auckland"), core.seller("DE", timezone="America/Los_Angeles")
    day = clock.today("America/Los_Angeles")
    for seller in (early, later):
        ledger.invoice(customer(f"Of {seller.code}", of=seller), issued_on=day, due_on=day)
    shown = bars(clerk.get("/desk/receivables"))
    different = clock.today("Pacific/Auckland") > day
    assert shown["Not due yet"][0] == ("1 invoice" if different else "2 invoices")
    assert bars(clerk.get(f"/desk/receivables?seller={later.code}"))["Not due yet"][0] == "1 invoice"


def test_currencies_stand_apart_each_with_its_digits(clerk: Client) -> None:
    account = customer()
    late(account, 3, 12345)
    late(account, 3, 12345, currency="JPY")
    late(account, 40, 12345, currency="KWD")
    assert "€123.45" in clerk.get("/desk/receivables").words
    assert "¥12,345" in clerk.get("/desk/receivables?currency=JPY").words
    assert bars(clerk.get("/desk/receivables?currency=KWD"))["31 to 60 days"] == ("1 invoice", "KWD\u00a012.345")
    assert clerk.get("/desk/receivables?currency=XXX").status == 404
    assert clerk.get("/desk/receivables?seller=NONE").status == 404
    assert clerk.get("/desk/receivables?sort=none").status == 404


def test_credit_that_is_not_used_stands_beside(clerk: Client) -> None:
    account = customer()
    late(account, 3)
    paid(account, 15000)
    late(account, 8, 2500)
    page = clerk.get("/desk/receivables")
    assert "Account credit not used €50.00" in page.words
    assert bars(page)["1 to 30 days"] == ("1 invoice", "€25.00")


def test_accounts_come_in_pages_the_longest_past_due_first(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "ACCOUNTS_AT_A_TIME", 2)
    owing = {"Anna": (3, 500), "Bert": (90, 100), "Cleo": (3, 900), "Dora": (-9, 5000), "Emil": (40, 300)}
    for name, (days, total) in owing.items():
        late(customer(name), days, total)
    orders = {
        "oldest": ["Bert", "Emil", "Anna", "Cleo", "Dora"],
        "amount": ["Cleo", "Anna", "Emil", "Bert", "Dora"],
    }
    for sort, wanted in orders.items():
        page, found = clerk.get(f"/desk/receivables?sort={sort}"), list[str]()
        while True:
            assert len(accounts(page)) <= 2
            found += accounts(page)
            link = page.html.select_one("a[rel=next]")
            if link is None:
                break
            page = clerk.get(str(link["href"]))
        assert found == wanted
    assert clerk.get("/desk/receivables?after=nonsense").status == 200
    assert clerk.get("/desk/receivables?after=2026-13-45~1").status == 200


def test_an_account_is_found_by_its_name_its_number_and_its_invoices(clerk: Client) -> None:
    one, other = customer("Äpfel & Co"), customer("Birnen GmbH")
    invoice = late(one, 3)
    late(other, 3)
    for search in ("äpfel", "ÄPFEL", one.number.lower(), invoice.number):
        page = clerk.get("/desk/receivables", query_string={"search": search})
        assert accounts(page) == ["Äpfel & Co"], search
        assert bars(page)["1 to 30 days"][0] == "1 invoice"
    assert accounts(clerk.get("/desk/receivables?search=nobody")) == []
    abroad = late(customer("Cherry Ltd"), 3, currency="GBP")
    page = clerk.get("/desk/receivables", query_string={"search": abroad.number, "currency": "EUR"})
    assert accounts(page) == ["Cherry Ltd"], "whoever searches need not know the currency"
    assert "Nothing is open" in clerk.get("/desk/receivables?search=100%25").words


def test_items_say_what_hinders_them(clerk: Client) -> None:
    account = customer()
    payer = ledger.payer(account)
    waiting, disputed, plain = late(account, 50), late(account, 20), late(account, -3)
    pay_invoice(core.viewer(payer), waiting.public_id, 1000)
    disputed_with_the_bank(disputed, payer)
    page = clerk.get(f"/desk/receivables/{account.public_id}")
    rows = [" ".join(row.get_text(" ").split()) for row in page.html.select("table.list-table tbody tr")]
    assert [row.split()[0] for row in rows] == [waiting.number, disputed.number, plain.number]
    assert "Payment under way" in rows[0]
    assert "Disputed" in rows[1]
    assert rows[2].endswith("none")
    assert clerk.get(f"/desk/receivables/{account.public_id}?currency=USD").status == 404


def test_many_open_items_take_the_same_statements(app: Flask, clerk: Client) -> None:
    """One account with one invoice, or thirty with sixty."""
    first = customer()
    late(first, 3)
    paths = ["/desk/receivables", "/desk/receivables?sort=amount", f"/desk/receivables/{first.public_id}"]

    def counted() -> list[int]:
        found = []
        for path in paths:
            clerk.get(path)
            with statements() as ran:
                clerk.get(path)
            found.append(len(ran))
        return found

    few = counted()
    for number in range(15):
        account = customer(f"Customer of {number}")
        for days in (2, 40):
            late(account, days)
        late(first, number)
    assert counted() == few
    assert max(few) < 14


def cells(page: Page, delimiter: str = ",") -> list[list[str]]:
    text = page.response.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


def test_the_csv_has_every_open_item_and_nothing_that_becomes_a_formula(
    app: Flask, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ITEMS_AT_A_TIME", 2)
    evil = customer("=1+1")
    items = [late(evil, days, 1234567) for days in (100, 5, 5, -5)]
    late(customer(), 3, currency="USD")
    paid(evil, 1234567, shares={items[1].public_id: 1234567})
    found = cells(Page(clerk.browser.get("/desk/receivables.csv")))
    assert found[0][:4] == ["Customer number", "Account", "Seller", "Invoice"]
    assert [row[3] for row in found[1:]] == [items[0].number, items[2].number, items[3].number]
    assert {row[1] for row in found[1:]} == {"'=1+1"}
    assert found[1][6:11] == ["100", "Over 90 days", "12345.67", "12345.67", "EUR"]
    german = Client(app).sign_in(core.staff("finance", locale="de"), Realm.DESK)
    german.browser.get("/desk/receivables", headers={"Accept-Language": "de"})
    shown = Page(german.browser.get("/desk/receivables.csv", headers={"Accept-Language": "de"}))
    assert cells(shown, ";")[1][9] == "12345,67"


def test_a_long_csv_holds_no_transaction_open(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ITEMS_AT_A_TIME", 3)
    account = customer()
    for days in range(10):
        late(account, days)
    answer = clerk.browser.get("/desk/receivables.csv", buffered=False)
    assert answer.is_streamed
    open_ones = [db.in_transaction() for _part in answer.response]
    assert len(open_ones) >= 5
    assert not any(open_ones)


@pytest.mark.parametrize("role", ["rep", "rep_manager", "support"])
def test_nobody_else_at_the_desk_sees_it(app: Flask, role: str) -> None:
    account = customer()
    other = Client(app).sign_in(core.staff(role), Realm.DESK)
    for path in ("", f"/{account.public_id}"):
        assert other.get(f"/desk/receivables{path}").status == 403
    assert other.browser.get("/desk/receivables.csv").status_code == 403


def test_an_item_grows_older_by_itself(app: Flask) -> None:
    late(customer(), 0)
    with days_later(1):
        clerk = Client(app).sign_in(core.staff("finance"), Realm.DESK)
        assert bars(clerk.get("/desk/receivables"))["1 to 30 days"][0] == "1 invoice"
