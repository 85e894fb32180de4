"""Lists and objects: what is told, what is found, and what is not there for programs."""

from datetime import timedelta
from itertools import product
from typing import Any

import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.documents.models import Document
from billing_core.documents.service import keep_document, keep_printed
from billing_core.ledger.models import CreditNote
from billing_core.orders.models import ServiceOrder
from corporate_portal.quotes import service
from corporate_portal.quotes.offer.content import LineWish
from tests.corporate_portal.api.programs import Program, Stock, problem
from tests.corporate_portal.finance.conftest import ALL, books_of
from tests.factories import core, ledger
from tests.factories import quotes as make
from tests.factories.sql import statements, writes

RESOURCES = ("accounts", "quotes", "service-orders", "invoices", "payments")


def ids(crm: Program, path: str) -> list[str]:
    answer = crm.get(path)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in (answer.json or {})["data"]]


def read(crm: Program, path: str) -> dict[str, Any]:
    answer = crm.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json or {}


def test_every_row_of_every_list_is_there_by_itself_and_says_the_same(crm: Program, stock: Stock) -> None:
    for resource in RESOURCES:
        listed = read(crm, f"/{resource}")["data"]
        assert listed, resource
        for row in listed:
            whole = read(crm, f"/{resource}/{row['id']}")
            assert {name: whole[name] for name in row} == row, resource


def test_an_account_tells_its_money_and_its_subscriptions(crm: Program, stock: Stock) -> None:
    whole = read(crm, f"/accounts/{stock.deal.account.public_id}")
    assert whole["representative"]["name"] == "Rita Rep"
    assert whole["payment_days"] == 14
    assert whole["balances"] == [{"currency": "EUR", "open": 188_020 + 50_000, "credit": 0}]
    (subscription,) = whole["subscriptions"]
    assert (subscription["product"], subscription["seats"]) == (stock.deal.product.code, 10)
    assert (subscription["unit_price"], subscription["currency"], subscription["status"]) == (12_000, "EUR", "active")


def test_a_quote_tells_its_text_its_sums_and_what_came_of_it(crm: Program, stock: Stock) -> None:
    whole = read(crm, f"/quotes/{stock.quotes['accepted'].public_id}")
    assert (whole["state"], whole["version"], whole["currency"]) == ("accepted", 1, "EUR")
    assert (whole["net"], whole["tax"], whole["total"]) == (158_000, 30_020, 188_020)
    assert [line["due"] for line in whole["lines"]] == [108_000, 50_000]
    assert whole["sha256"] == make.version(stock.quotes["accepted"]).sha256
    decision = whole["decision"]
    assert (decision["verdict"], decision["person"], decision["po_number"]) == ("accepted", "Carla Contact", "PO 4711")
    order = read(crm, f"/service-orders/{decision['service_order']}")
    assert order["quote"] == whole["id"]
    assert [line["product"] for line in order["lines"]] == [stock.deal.product.code] * 2
    invoice = read(crm, f"/invoices/{decision['invoice']}")
    assert (invoice["total"], invoice["balance"], invoice["state"]) == (188_020, 188_020, "open")
    assert invoice["bill_to"]["customer_number"] == stock.deal.account.number
    assert sum(line["net"] for line in invoice["lines"]) == invoice["net"]


def test_a_quote_tells_the_credit_note_that_its_acceptance_issued(crm: Program) -> None:
    deal = make.deal()
    code = deal.product.code
    goodwill = LineWish(code, "", "once", 1, effect="free", description="Goodwill", unit_price=-700)
    quote = make.accepted(deal, lines=(LineWish(code, "", "yearly", 1), goodwill))
    whole = read(crm, f"/quotes/{quote.public_id}")
    with db.reading() as session:
        number = session.scalars(select(CreditNote.number)).one()
    assert (whole["decision"]["credit_note_number"], whole["net"]) == (number, 12_000 - 700)
    assert read(crm, f"/invoices/{whole['decision']['invoice']}")["net"] == 12_000


def test_a_payment_tells_what_it_is_meant_for(crm: Program, stock: Stock) -> None:
    whole = read(crm, f"/payments/{stock.ids['payments']}")
    assert (whole["amount"], whole["currency"], whole["state"]) == (10_000, "EUR", "open")
    (target,) = whole["targets"]
    assert (target["invoice"], target["amount"], target["holds"]) == (stock.ids["invoices"], 10_000, True)


def test_online_accounts_and_what_is_theirs_are_not_there(crm: Program, stock: Stock) -> None:
    online = stock.ids["online"]
    assert online not in ids(crm, "/accounts")
    assert problem(crm.get(f"/accounts/{online}")) == (404, "not-found")
    assert ids(crm, f"/invoices?account={online}") == []
    foreign = ledger.invoice(core.account(kind="online", rep_id=None), 100).public_id
    assert problem(crm.get(f"/invoices/{foreign}")) == (404, "not-found")
    assert problem(crm.get(f"/invoices/{foreign}/pdf")) == (404, "not-found")


NOBODY = ["unknown", "quo_0000000000000000", "..%2F..", "a%00b", "%F0%9F%92%A5", "x" * 500]


def test_what_does_not_exist_is_not_found(crm: Program) -> None:
    for resource, name in product(RESOURCES, NOBODY):
        assert crm.get(f"/{resource}/{name}").status_code == 404, (resource, name)


def test_lists_are_filtered(crm: Program, stock: Stock) -> None:
    other = make.deal()
    draft, account = make.draft(other), stock.deal.account.public_id
    assert ids(crm, f"/quotes?account={other.account.public_id}") == [draft.public_id]
    assert len(ids(crm, f"/quotes?account={account}")) == 5
    for state, quote in stock.quotes.items():
        found = ids(crm, f"/quotes?account={account}&state={state}")
        assert found == [quote.public_id], state
    assert ids(crm, "/quotes?account=acc_unknown") == []
    assert ids(crm, f"/accounts?number={stock.deal.account.number}") == [account]
    assert len(ids(crm, f"/invoices?account={account}&state=open")) == 2
    assert ids(crm, f"/invoices?account={account}&state=paid") == []
    assert ids(crm, f"/service-orders?account={account}&state=pending") == []
    assert len(ids(crm, f"/service-orders?account={account}&state=fulfilled")) == 1
    assert ids(crm, f"/payments?account={account}&state=open") == [stock.ids["payments"]]
    assert ids(crm, f"/payments?account={account}&state=failed") == []


def test_an_invoice_that_was_credited_whole_is_cancelled_and_not_paid(crm: Program) -> None:
    books = books_of()
    account = books.account.public_id
    before = clock.now()
    books.credit(ALL)
    assert read(crm, f"/invoices/{books.invoice.public_id}")["state"] == "cancelled"
    assert ids(crm, f"/invoices?account={account}&state=cancelled") == [books.invoice.public_id]
    assert ids(crm, f"/invoices?account={account}&state=paid") == []
    since = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids(crm, f"/invoices?account={account}&changed_since={since}") == [books.invoice.public_id]


def test_a_quote_whose_deadline_has_passed_is_expired_before_any_job_says_so(crm: Program) -> None:
    quote = make.sent(make.deal())
    with time_machine.travel(clock.now() + timedelta(days=9)):
        assert read(crm, f"/quotes/{quote.public_id}")["state"] == "expired"
        assert ids(crm, "/quotes?state=expired") == [quote.public_id]
        assert ids(crm, "/quotes?state=sent") == []


def test_what_changed_since_an_instant_is_found(crm: Program) -> None:
    deal, start = make.deal(), clock.now()
    with time_machine.travel(start + timedelta(hours=1)):
        first, second = make.sent(deal), make.sent(deal)
    later = (start + timedelta(hours=2)).isoformat().replace("+", "%2B")
    assert len(ids(crm, "/quotes?changed_since=2020-01-01T00:00:00Z")) == 2
    assert ids(crm, f"/quotes?changed_since={later}") == []
    with time_machine.travel(start + timedelta(hours=3)):
        db.perform(service.withdraw_quote, deal.desk, second.public_id)
        paid = ledger.invoice(deal.account, 100)
    assert ids(crm, f"/quotes?changed_since={later}") == [second.public_id]
    assert ids(crm, f"/invoices?changed_since={later}") == [paid.public_id]
    assert first.public_id in ids(crm, "/quotes")


EDGES = ("0001-01-01T00:00:00%2B23:59", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "2026-01-01t00:00:00z")


def test_any_instant_can_be_asked_for(crm: Program) -> None:
    quote = make.draft(make.deal())
    for since in EDGES:
        expected = [] if since.startswith("9") else [quote.public_id]
        assert ids(crm, f"/quotes?changed_since={since}") == expected, since


SENSELESS = {
    "limit": ["limit=0", "limit=101", "limit=ten", "limit=1.0", "limit=", "limit=1&limit=2"],
    "after": ["after=nonsense", "after=%00", "after=-1"],
    "state": ["state=happy"],
    "account": ["account=a%00b"],
    "changed_since": [
        "changed_since=yesterday", "changed_since=2026-01-01", "changed_since=2026-01-01T00:00:00",
        "changed_since=1700000000", "changed_since=%00",
    ],
    "page": ["page=2"],
}  # fmt: skip


def test_a_parameter_that_makes_no_sense_is_named(crm: Program) -> None:
    for name, queries in SENSELESS.items():
        for query in queries:
            answer = crm.get(f"/quotes?{query}")
            assert problem(answer) == (400, "malformed"), query
            assert [fault["parameter"] for fault in (answer.json or {})["errors"]] == [name]


def test_a_walk_meets_every_row_once_while_rows_are_added(crm: Program) -> None:
    deal = make.deal()
    first = [make.draft(deal).public_id for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/quotes?limit=2&state=draft"
    while path:
        answer = crm.get(path)
        page = answer.json or {}
        seen += [row["id"] for row in page["data"]]
        if len(seen) <= 4:
            first.append(make.draft(deal).public_id)
        link = answer.headers.get("Link")
        assert (link is None) == (page["next"] is None)
        path = link.split(">")[0].removeprefix("</api/v1") if link else None
        assert path is None or "state=draft" in path
    assert seen == first
    assert len(seen) == 7


def test_the_largest_page_holds_a_hundred(crm: Program) -> None:
    deal = make.deal()
    for _ in range(3):
        make.draft(deal)
    assert len(ids(crm, "/quotes?limit=100")) == 3
    assert read(crm, "/quotes?limit=3")["next"] is None


def test_a_long_list_takes_as_many_statements_as_a_short_one(crm: Program) -> None:
    counted = []
    for _ in range(2):
        deal = make.deal()
        for _ in range(3):
            make.accepted(deal)
            ledger.invoice(deal.account, 100)
        for resource in RESOURCES:
            with statements() as ran:
                crm.get(f"/{resource}")
            counted.append((resource, len(ran)))
    half = len(RESOURCES)
    assert counted[:half] == counted[half:]


def test_reading_writes_nothing_but_the_count_of_requests(crm: Program, stock: Stock) -> None:
    for resource in RESOURCES:
        for path in (f"/{resource}", f"/{resource}/{(ids(crm, f'/{resource}') or ['x'])[0]}"):
            with statements() as ran:
                crm.get(path)
            tables = {one.split()[2 if one.startswith(("INSERT", "DELETE")) else 1] for one in writes(ran)}
            assert tables <= {"throttle", "api_token"}, path


def test_a_document_is_given_as_it_is_stored(crm: Program, stock: Stock) -> None:
    path = f"/invoices/{stock.ids['invoices']}/pdf"
    answer = crm.get(path)
    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/pdf", ledger.PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert crm.get(path, if_none_match=answer.headers["ETag"]).status_code == 304
    assert crm.get(path, accept="application/pdf").status_code == 200
    assert problem(crm.get(path, accept="application/json")) == (406, "nothing-acceptable")


def test_a_document_that_is_being_printed_asks_for_patience(crm: Program, stock: Stock) -> None:
    quote = stock.quotes["sent"]
    path = f"/quotes/{quote.public_id}/pdf"
    answer = crm.get(path)
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (202, b"", "3")
    version = make.version(quote)
    with db.reading() as session:
        waiting = session.scalars(select(Document.id).where(Document.subject == version.public_id)).one()
    db.perform(keep_printed, waiting, b"%PDF a quote")
    assert crm.get(path).data == b"%PDF a quote"


def test_a_draft_has_no_document_and_an_invoice_from_elsewhere_may_have_none(crm: Program, stock: Stock) -> None:
    assert crm.get(f"/quotes/{stock.quotes['draft'].public_id}/pdf").status_code == 404
    imported = ledger.imported_invoice(stock.deal.account, "OLD-1", 100)
    assert crm.get(f"/invoices/{imported.public_id}/pdf").status_code == 404
    db.perform(keep_document, imported.public_id, "invoice", "en", "OLD-1.pdf", b"%PDF old")
    assert crm.get(f"/invoices/{imported.public_id}/pdf").data == b"%PDF old"


def test_the_same_quote_is_not_sent_twice(crm: Program, stock: Stock) -> None:
    path = f"/quotes/{stock.quotes['sent'].public_id}"
    first = crm.get(path)
    again = crm.get(path, if_none_match=first.headers["ETag"])
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert crm.get(path, if_none_match='"another"').status_code == 200


def test_every_order_of_the_database_is_told(crm: Program, stock: Stock) -> None:
    with db.reading() as session:
        numbers = session.scalars(select(ServiceOrder.number)).all()
    assert [row["number"] for row in read(crm, "/service-orders")["data"]] == list(numbers)
