"""The day-end report adds up: over many movements, in every currency, across midnights and shifted hours."""

import csv
import io
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select, update

from billing_core import clock, db, money
from billing_core.ledger import closing
from billing_core.ledger.closing import Books
from billing_core.ledger.models import AccountBalance, Invoice
from billing_core.payments import booking
from billing_core.permissions import Realm
from billing_core.sellers.models import Seller
from corporate_portal.receivables.books import exporting, lines, rows
from corporate_portal.receivables.books.rows import Scope
from corporate_portal.receivables.queries import books as queries
from tests.client import Client, Page
from tests.corporate_portal.receivables.busy_days import CURRENCIES, BusyDays
from tests.corporate_portal.receivables.conftest import at, customer, finance, late, paid
from tests.factories import core, ledger

SUMMER, WINTER = date(2026, 3, 28), date(2026, 10, 24)
"""The day before the clocks of Berlin are put forward, and back."""


@pytest.mark.parametrize(
    ("zone", "first", "seed"),
    [("Europe/Berlin", SUMMER, 4), ("Europe/Berlin", WINTER, 1), ("Pacific/Auckland", date(2026, 4, 4), 2)],
    ids=["forward", "back", "far-east"],
)
def test_every_day_adds_up_and_the_next_begins_where_it_ended(app: Flask, zone: str, first: date, seed: int) -> None:
    lived = BusyDays(seed, zone, first, days=4)
    lived.live(deeds_a_day=22)
    days = [lived.first + timedelta(days=number) for number in range(-1, lived.days + 1)]
    seen = set()
    with db.reading():
        for seller in lived.sellers:
            for currency in CURRENCIES:
                reports = [queries.day_end(Books(seller.id, zone, currency, day)) for day in days]
                assert reports[0].receivables.closing == reports[0].credit.closing == 0
                for report in reports:
                    assert report.agrees, report
                    if seller is lived.sellers[0]:
                        assert_figures_are_their_rows(report)
                    seen |= {one.kind for side in (report.receivables, report.credit) for one in side.moved}
                for before, after in pairwise(reports):
                    assert before.receivables.closing == after.receivables.opening
                    assert before.credit.closing == after.credit.opening
                for report in reports[1:-1]:
                    told = (report.receivables.closing, report.credit.closing)
                    assert told == lived.kept[(seller.id, currency), report.books.day], report.books
                assert_export_adds_up(lived, seller.id, seller.code, currency)
    assert {"invoice", "imported", "card", "incoming", "credit", "used", "credit_note", "overpayment"} <= seen
    assert seen & {"refund", "dispute"}
    assert "returned" in seen


def assert_figures_are_their_rows(report: queries.DayEnd) -> None:
    """What stands behind a figure sums up to it, and the money is what moved the two balances."""
    figures = {
        "receivables": report.receivable_figures, "credit": report.credit_figures, "money": report.money_figures,
    }  # fmt: skip
    for side, found in figures.items():
        for figure in found:
            shown, following = queries.behind(report.books, figure.line, "")
            assert following is None
            added = [one.credit - one.receivables if side == "money" else getattr(one, side) for one in shown]
            assert sum(added) == figure.amount, figure
    kinds = lines.NO_MONEY
    by_money = sum(one.amount for one in report.credit.moved if one.kind not in kinds)
    by_money -= sum(one.amount for one in report.receivables.moved if one.kind not in kinds)
    assert report.money == by_money


def assert_export_adds_up(lived: BusyDays, seller_id: int, code: str, currency: str) -> None:
    """The export of all the days moves the balances from nothing to what they are."""
    scope = Scope(seller_id, lived.zone, lived.first, lived.last, rows.extent(), currency)
    found = [dict(zip(exporting.COLUMNS, cells, strict=True)) for cells in exporting.exported(scope, code)]
    sums: dict[str, int] = defaultdict(int)
    for line in found:
        for name in ("receivables", "credit", "gross", "net", "tax"):
            sums[name] += money.from_decimal(money.Decimal(line[name] or "0"), currency)
    assert (sums["receivables"], sums["credit"]) == lived.kept[(seller_id, currency), lived.last]
    assert sums["net"] + sums["tax"] == sums["gross"]
    assert [line["date"] for line in found] == sorted(line["date"] for line in found)


def test_every_kind_of_row_has_its_line() -> None:
    """The kinds that statements of account can name: a new one has to be put on a line here too."""
    from corporate_portal.statement.books.entries import METHODS, WORDS

    named = {kind for line in lines.LINES for kind in line.kinds}
    assert named == set(WORDS) - set(METHODS)


def the_seller() -> Seller:
    """The only one."""
    with db.reading() as session:
        return session.scalars(select(Seller)).one()


def report(clerk: Client, seller: str, day: date, **more: str) -> Page:
    return clerk.get("/desk/day-end", query_string={"seller": seller, "day": day.isoformat(), **more})


def entries(page: Page) -> list[tuple[str, str]]:
    """Every line with its amount."""
    return [
        (" ".join(row.th.get_text().split()), row.select_one(".money").get_text().strip())
        for row in page.html.select("table.list-table tbody tr")
    ]


def test_the_page_shows_a_day_with_everything_and_what_is_behind_it(app: Flask) -> None:
    day = date(2026, 6, 10)
    seller = core.seller()
    with at(day - timedelta(days=1)):
        account = customer(of=seller)
        ledger.invoice(account, 20000)
    with at(day, 0, 0):
        invoice = ledger.invoice(account, 10000)
        paid(account, 35000)
    with at(day, 23, 59):
        clerk = Client(app).sign_in(core.staff("finance"), Realm.DESK)
        ledger.credit_note(account, 500)
        today = report(clerk, seller.code, day)
        assert "not over yet" in today.words
    with at(day + timedelta(days=1), 0, 0):
        paid(account, 700, "cheque")
        clerk = Client(app).sign_in(core.staff("finance"), Realm.DESK)
        page = report(clerk, seller.code, day)
        assert "Both ways agree" in page.words
        assert [one for one in entries(page) if one[1] != "€0.00"] == [
            ("Opening balance", "€200.00"), ("Invoices issued", "€100.00"), ("Payments", "-€300.00"),
            ("Overpaid", "€50.00"), ("Credit notes", "€5.00"), ("Closing balance", "€55.00"),
            ("Bank transfer", "€350.00"), ("In total", "€350.00"),
        ]  # fmt: skip
        behind = clerk.get(str(page.html.find("a", string="Invoices issued")["href"]))
        assert invoice.number in behind.words
        assert "€100.00" in behind.words
        behind = clerk.get(str(page.html.find("a", string="Bank transfer")["href"]))
        amounts = [cell.get_text().strip() for cell in behind.html.select("td .money")]
        assert sorted(amounts) == ["€100.00", "€200.00", "€50.00"]
        default = clerk.get(f"/desk/day-end?seller={seller.code}")
        assert default.h1 == page.h1, "the last day that is over"
        found = Page(clerk.browser.get(f"/desk/day-end.csv?seller={seller.code}&day={day}"))
        cells = list(csv.reader(io.StringIO(found.response.get_data(as_text=True).removeprefix("\ufeff"))))
        assert ["2026-06-10", seller.code, "Receivables", "Closing balance", "0.00", "0.00", "EUR"] in cells
        assert ["2026-06-10", seller.code, "Account credit", "Closing balance", "55.00", "55.00", "EUR"] in cells


def test_balances_that_left_their_rows_are_told_with_the_difference(app: Flask, clerk: Client) -> None:
    """Somebody has changed the database by hand."""
    account = customer()
    invoice = late(account, 3, 10000)
    paid(account, 13000)
    ledger.invoice(account, 5000)
    today = clock.today("Europe/Berlin")

    def bend(by: int) -> None:
        db.session().execute(update(Invoice).where(Invoice.id != invoice.id).values(balance=Invoice.balance - by))
        db.session().execute(update(AccountBalance).values(credit=AccountBalance.credit + 2 * by))

    db.perform(bend, 17)
    seller = the_seller()
    page = report(clerk, seller.code, today)
    assert "The two ways differ" in page.words
    assert "come to €0.17 more" in page.words
    assert "come to -€0.34 more" in page.words
    db.perform(bend, -17)
    assert "Both ways agree" in report(clerk, seller.code, today).words


def test_rows_of_a_long_day_come_in_pages(app: Flask, monkeypatch: pytest.MonkeyPatch, clerk: Client) -> None:
    monkeypatch.setattr(rows, "AT_A_TIME", 3)
    account = customer()
    for _ in range(7):
        ledger.invoice(account, 100)
        paid(account, 150)
    seller = the_seller()
    today = clock.today("Europe/Berlin")
    books = Books(seller.id, seller.timezone, "EUR", today)
    for key, wanted in (("receivables-invoices", 7), ("receivables-payments", 7), ("money-bank-transfer", 14)):
        found, after = list[str](), ""
        while True:
            with db.reading():
                shown, following = queries.behind(books, queries.line_named(key), after)
            found += [f"{one.place}.{one.id}" for one in shown]
            if following is None:
                break
            after = following
        assert len(found) == len(set(found)) == wanted, key
    page = clerk.get(f"/desk/day-end/rows?line=receivables-invoices&seller={seller.code}&day={today}")
    assert page.html.select_one("a[rel=next]") is not None
    assert clerk.get("/desk/day-end/rows?line=nothing").status == 404
    assert clerk.get(f"/desk/day-end/rows?after=9~9~9&day={today}").status == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("day=nonsense", "Enter a date"), ("day=2099-01-01", "still to come"), ("seller=XX", "Choose a seller"),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_said(clerk: Client, query: str, sentence: str) -> None:
    core.seller()
    for path in ("/desk/day-end", "/desk/day-end.csv"):
        page = clerk.get(f"{path}?{query}")
        assert (page.status, sentence in page.words) == (400, True), path


def test_the_way_back_of_a_returned_debit_is_money_out(app: Flask) -> None:
    account = customer()
    came = paid(account, 5000, "direct_debit")
    db.perform(booking.return_incoming, finance(), came.public_id, "No funds")
    seller = the_seller()
    with db.reading():
        found = queries.day_end(Books(seller.id, seller.timezone, "EUR", clock.today(seller.timezone)))
    told = {figure.line.name: figure.amount for figure in found.money_figures}
    assert (told["direct_debit"], told["returns"], found.money) == (5000, -5000, 0)


def test_the_report_takes_one_statement_however_much_there_is(app: Flask) -> None:
    from tests.factories.sql import statements

    account = customer()
    for _ in range(5):
        late(account, 3)
        paid(account, 500)
    seller = the_seller()
    with db.reading(), statements() as ran:
        closing.close(Books(seller.id, seller.timezone, "EUR", clock.today(seller.timezone)))
    assert len(ran) == 1
