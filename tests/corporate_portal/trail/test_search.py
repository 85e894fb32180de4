"""The search of the audit trail at the desk: by account, document, person, action and days; pages and file."""

import csv
import io
from datetime import date
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.audit import AuditEntry
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.api.models import ApiToken
from corporate_portal.trail.queries import Told, Wanted, search
from tests.client import Client, Page
from tests.factories import core, ledger, quotes
from tests.factories.sql import statements


@pytest.fixture
def clerk(app: Flask) -> Person:
    return core.staff("finance", name="Fina Clerk")


@pytest.fixture
def desk(client: Client, clerk: Person) -> Client:
    return client.sign_in(clerk, Realm.DESK)


def found(clerk: Person, **wanted: object) -> list[Told]:
    with db.reading():
        return search(core.viewer(clerk, Realm.DESK), Wanted(**wanted), size=100).rows  # type: ignore[arg-type]


def actions(clerk: Person, **wanted: object) -> set[str]:
    return {told.entry.action for told in found(clerk, **wanted)}


def looked_up(desk: Client, **wanted: str) -> Page:
    return desk.get(f"/desk/audit?{urlencode(wanted)}")


def test_by_account(clerk: Person) -> None:
    one, two = (ledger.invoice(core.account(name=name, name_folded=name.casefold())) for name in ("Möwe AG", "Other"))
    for typed in ("MÖWE", "möwe ag"):
        assert {told.entry.subject for told in found(clerk, account=typed)} == {one.public_id}
    with db.reading() as session:
        number = session.get_one(audit.AuditEntry, 2).account_id
    (told,) = found(clerk, account=found(clerk, document=two.number)[0].account.number)  # type: ignore[union-attr]
    assert (told.entry.subject, told.entry.account_id) == (two.public_id, number)
    assert found(clerk, account="nobody") == []


def test_by_document_with_all_that_happened_to_it(clerk: Person) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    other = quotes.sent(deal)
    assert actions(clerk, document=quote.number) >= {"quote.submitted", "quote.accepted", "order.placed"}
    assert other.public_id not in {told.entry.subject for told in found(clerk, document=quote.number.lower())}
    invoice = ledger.invoice(deal.account, 5000, contact=deal.contact)
    ledger.paid_by_card(invoice, deal.contact)
    ledger.credit_note(deal.account, 100, invoice)
    wanted = {"invoice.issued", "payment.begun", "payment.opened", "payment.succeeded", "credit_note.issued"}
    assert actions(clerk, document=invoice.number) == wanted
    assert actions(clerk, document=f" {invoice.number.lower().replace('-', ' ')} ") == wanted
    assert actions(clerk, document=quote.public_id) >= {"quote.accepted"}
    assert found(clerk, document="DE-2026-999999") == []
    assert found(clerk, document="?") == []


def test_by_person(clerk: Person) -> None:
    deal = quotes.deal()
    quotes.accepted(deal)
    mine = actions(clerk, person=deal.contact.email.upper())
    assert "quote.accepted" in mine
    assert "quote.submitted" not in mine
    assert actions(clerk, person=deal.rep.name) == {"quote.drafted", "quote.submitted"}
    assert found(clerk, person="nobody") == []


def test_by_action_and_days(clerk: Person) -> None:
    ledger.invoice(core.account())
    today = clock.today("UTC")
    assert actions(clerk, action="invoice.issued") == {"invoice.issued"}
    assert found(clerk, action="invoice.credited") == []
    assert len(found(clerk, first=today, last=today)) == 1
    assert found(clerk, last=date(2020, 1, 1)) == []
    assert found(clerk, first=date(2099, 1, 1)) == []


def test_the_page_says_who_did_what_in_words(desk: Client, clerk: Person) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    known = {"public_id": "tok_1", "secret_sha256": "x", "scopes": "", "created_by": "x"}
    token = core.add(ApiToken(name="Our CRM", created_at=clock.now(), **known))
    db.perform(audit.record, f"api:{token.public_id}", "quote.changed", quote.public_id, deal.account.id)
    db.perform(audit.record, "worker", "of.tomorrow", "thing", deal.account.id)
    page = looked_up(desk, account=deal.account.number)
    people = (deal.contact.name, "Head of Accounts", deal.rep.name, "representative", "Our CRM", "by another program")
    for words in ("Quote accepted", *people, quote.number, deal.account.name, "Something else", "automatically"):
        assert words in page.words, words
    body = page.html.select_one("main table").get_text()  # type: ignore[union-attr]
    for raw in ("quote.accepted", "of.tomorrow", deal.contact.public_id, "portal:"):
        assert raw not in body
    assert "Audit trail" in page.words
    assert "Nothing found" in looked_up(desk, person="nobody").words


def test_pages_have_no_end_and_no_gap(desk: Client, clerk: Person) -> None:
    for number in range(120):
        db.perform(audit.record, "worker", "invoice.issued", f"thing {number}")
    seen, page = [], looked_up(desk, action="invoice.issued")
    while True:
        seen += [int(cell.get_text()) for cell in page.html.select("td.cell-number .cell-body")]
        older = page.html.select_one("a[rel=next]")
        if older is None:
            break
        page = desk.get(str(older["href"]))
    assert seen == list(range(120, 0, -1))
    assert page.html.select_one("a[rel=prev]") is not None


def test_many_entries_cost_as_many_statements_as_one(clerk: Person) -> None:
    deal = quotes.deal()
    quotes.accepted(deal)
    viewer = core.viewer(clerk, Realm.DESK)
    with db.reading(), statements() as few:
        search(viewer, Wanted(), size=1)
    with db.reading(), statements() as many:
        search(viewer, Wanted(), size=100)
    assert len(few) <= len(many) <= 7


def test_the_file_holds_everything_that_was_searched_for(desk: Client) -> None:
    account = core.account(name="=Evil()", name_folded="=evil()")
    for number in range(3):
        db.perform(audit.record, "worker", "invoice.issued", f"@thing {number}", account.id, note="-1")
    db.perform(audit.record, "worker", "invoice.credited", "other")
    answer = desk.browser.get("/desk/audit.csv?action=invoice.issued")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    head, *lines = csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    assert head[0] == "Number"
    assert [line[0] for line in lines] == ["3", "2", "1"]
    with db.reading() as session:
        seals = session.scalars(select(AuditEntry.seal).order_by(AuditEntry.id.desc())).all()[1:]
    assert [line[-1] for line in lines] == [seal.hex() for seal in seals]
    assert lines[0][4:10] == ["Invoice issued", "", account.number, "'=Evil()", "'@thing 2", '{"note":"-1"}']
    assert desk.get("/desk/audit.csv?action=nonsense").status == 400


@pytest.mark.parametrize("search", ["first=2026-02-30", "first=2026-03-02&last=2026-03-01", "action=nonsense"])
def test_a_search_without_sense_is_told(desk: Client, search: str) -> None:
    page = desk.get(f"/desk/audit?{search}")
    assert page.status == 400
    assert page.html.select_one(".error-summary") is not None


@pytest.mark.parametrize(("role", "status"), [("rep", 403), ("support", 403), ("finance", 200), ("rep_manager", 200)])
def test_who_may_search(client: Client, role: str, status: int) -> None:
    visitor = client.sign_in(core.staff(role), Realm.DESK)
    assert visitor.get("/desk/audit").status == status
    assert ("Audit trail" in visitor.get("/desk").words) == (status == 200)


def test_the_search_in_german(client: Client) -> None:
    ledger.invoice(core.account())
    page = client.sign_in(core.staff("finance", locale="de"), Realm.DESK).get("/desk/audit")
    assert page.h1 == "Protokoll"
    assert "Rechnung ausgestellt" in page.words
