"""The work list and what stands behind it: each part holds what belongs there, and other representatives' nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from corporate_portal.desk import queries
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.requests.service import Wish, ask_for_quote
from tests.client import Client
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal
from tests.factories.sql import statements


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


@pytest.fixture
def rep(client: Client, deal: Deal) -> Client:
    return client.sign_in(deal.rep, Realm.DESK)


def term(deal: Deal, days: int, **changes: Any) -> Subscription:
    end = make.in_days(days)
    values: dict[str, Any] = {
        "public_id": db.public_id("sub"), "source": "test", "external_id": db.public_id("sub"),
        "account_id": deal.account.id, "product_id": deal.product.id, "seats": 10, "frequency": "yearly",
        "unit_price": 12000, "currency": "EUR", "period_start": clock.add_months(end, -12), "period_end": end,
    }  # fmt: skip
    found: Subscription = core.add(Subscription(**(values | changes)))
    return found


def put(quote: Quote, **values: Any) -> Quote:
    change = update(QuoteVersion).where(QuoteVersion.quote_id == quote.id).values(**values)
    db.perform(lambda: db.session().execute(change))
    return quote


def ago(**parts: int) -> datetime:
    return clock.now() - timedelta(**parts)


def ask_change(deal: Deal, quote: Quote) -> Quote:
    db.perform(service.ask_change, deal.portal, quote.public_id, "More.", make.version(quote).sha256 or "")
    return quote


def ask_again(deal: Deal, quote: Quote) -> Quote:
    put(quote, expires_at=ago(days=20))
    db.perform(service.ask_revival, deal.portal, quote.public_id)
    return quote


def too_dear(deal: Deal) -> Quote:
    return make.sent(deal, percent_off=3000)


def request(deal: Deal, key: str = "0123456789ab") -> Any:
    wish = Wish("start", 3, product_code=deal.product.code, text="For Berlin")
    return db.perform(ask_for_quote, deal.portal, wish, key)


def test_every_quote_stands_in_the_part_it_belongs_to(deal: Deal, rep: Client) -> None:
    expected = {
        "approval": too_dear(deal),
        "revivals": ask_again(deal, make.sent(deal)),
        "changes": ask_change(deal, make.sent(deal)),
        "expiring": put(make.sent(deal), expires_at=clock.now() + timedelta(hours=47)),
        "viewed": put(make.sent(deal), first_viewed_at=ago(days=2)),
        "waiting": make.sent(deal),
        "drafts": make.draft(deal),
        "decided": make.accepted(deal),
    }
    stuck = put(make.sent(deal), submitted_at=ago(days=3)), put(make.sent(deal), first_viewed_at=ago(days=4))
    asked = request(deal)
    with db.reading():
        parts = {part.show: part for part in queries.work_lists(deal.desk)}
    for show, quote in expected.items():
        assert [version.quote_id for version in parts[show].versions] == [quote.id], show
    assert {version.quote_id for version in parts["stuck"].versions} == {quote.id for quote in stuck}
    assert [one.id for one in parts["requests"].requests] == [asked.id]
    page = rep.get("/desk")
    assert "Stuck: 3 days not opened, or opened and not decided" in page.words
    for show in queries.SHOWN:
        assert rep.get(f"/desk/quotes?show={show}").status == 200


def test_terms_that_end_lead_to_their_renewal(deal: Deal, rep: Client) -> None:
    ends = {days: term(deal, days) for days in (-31, -30, -29, 0, 1, 30, 31, 60, 61, 90, 91)}
    renewed = term(deal, 10, renewed_by_id=ends[90].id)

    def shown(band: str) -> set[int]:
        with db.reading():
            return {one.subscription.id for one in queries.ending_terms(deal.desk, band).rows}

    def ids(*days: int) -> set[int]:
        return {ends[day].id for day in days}

    assert shown("grace") == ids(-29, 0)
    assert shown("30") == ids(1, 30)
    assert shown("60") == ids(31, 60)
    assert shown("90") == ids(61, 90)
    assert shown("") == shown("nonsense") == ids(-29, 0, 1, 30, 31, 60, 61, 90)
    assert renewed.id not in shown("30")
    page = rep.get("/desk/terms?within=30")
    way = page.html.select_one(f"a[href*='renew={ends[1].public_id}']")
    assert way is not None
    assert rep.get(str(way["href"])).status == 200
    assert "Terms that end and are not renewed" in rep.get("/desk").words


def test_long_lists_of_terms_and_requests_go_on(deal: Deal, rep: Client) -> None:
    for n in range(23):
        term(deal, 40 + n)
        request(deal, f"form{n:08}")
    for path in ("/desk/terms", "/desk/requests", "/desk/requests?show=all"):
        first = rep.get(path)
        following = first.html.select_one("a[href*='after=']")
        assert following is not None, path
        second = rep.get(str(following["href"]))
        assert len(first.html.select("tbody tr")) == 20
        assert len(second.html.select("tbody tr")) == 3
        assert second.html.select_one("a[href*='before=']") is not None
    start = rep.get("/desk")
    assert len(start.html.select("section[aria-labelledby=terms] tbody tr")) == 10
    assert start.words.count("Show all of these") == 2


def test_other_representatives_see_nothing_and_managers_all(deal: Deal, client: Client) -> None:
    quote, asked = ask_change(deal, make.sent(deal)), request(deal)
    term(deal, 5)
    paths = ("/desk", "/desk/quotes?show=changes", "/desk/terms", "/desk/requests", "/desk/requests?show=all")
    other = client.sign_in(make.deal().rep, Realm.DESK)
    for path in paths:
        assert deal.account.name not in other.get(path).words, path
    for path in (f"/desk/quotes/{quote.public_id}", f"/desk/requests/{asked.public_id}"):
        assert other.get(path).status == 404
    manager = client.sign_in(core.staff("rep_manager"), Realm.DESK)
    for path in paths:
        assert deal.account.name in manager.get(path).words, path
    page = manager.get(f"/desk/requests/{asked.public_id}")
    assert "For Berlin" in page.words
    assert not page.html.select("main form"), "a manager reads"
    token = {"csrf_token": manager.token(page)}
    assert manager.post(f"/desk/requests/{asked.public_id}/draft", token).status == 403


def test_the_work_list_takes_the_same_statements_for_many(deal: Deal, rep: Client) -> None:
    def fill(count: int) -> None:
        for n in range(count):
            request(deal, f"form{count}{n:08}")
            term(deal, 20 + n)
            ask_change(deal, make.sent(deal))

    def sent(path: str) -> int:
        rep.get(path)
        with statements() as ran:
            rep.get(path)
        return len(ran)

    paths = ("/desk", "/desk/requests", "/desk/terms")
    fill(1)
    few = {path: sent(path) for path in paths}
    fill(5)
    assert {path: sent(path) for path in paths} == few


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_request_becomes_a_draft_with_one_click(deal: Deal, rep: Client, language: str) -> None:
    from billing_core.people import Person

    db.perform(lambda: db.session().execute(update(Person).values(locale=language)))
    asked = request(deal)
    path = f"/desk/requests/{asked.public_id}"
    listed = rep.get("/desk")
    assert listed.html.select_one(f"a.row-link[href='{path}']") is not None
    page = rep.get(path)
    for _ in range(2):
        made = rep.post(f"{path}/draft", page.form("draft"), page=page)
    detail = rep.follow(made)
    assert "For Berlin" in detail.words
    with db.reading() as session:
        assert len(session.scalars(select(Quote)).all()) == 1
    closed = rep.follow(rep.post(f"{path}/close", page.form("close") | {"answer": "No."}, page=page))
    assert ("answered already" if language == "en" else "bereits beantwortet") in closed.words


def test_a_request_is_closed_with_an_answer(deal: Deal, rep: Client) -> None:
    asked = request(deal)
    path = f"/desk/requests/{asked.public_id}"
    page = rep.get(path)
    assert rep.post(f"{path}/close", page.form("close") | {"answer": " "}, page=page).status == 400
    done = rep.follow(rep.post(f"{path}/close", page.form("close") | {"answer": "You have <enough>."}, page=page))
    assert "You have <enough>." in done.words
    assert "No request waits" in rep.get("/desk/requests").words
    assert "You have <enough>." in rep.sign_in(deal.contact).get("/requests").words


def test_a_product_that_is_gone_is_said_and_nothing_is_made(deal: Deal, rep: Client) -> None:
    asked = request(deal)
    page = rep.get(f"/desk/requests/{asked.public_id}")
    from billing_core.catalogue.models import Product

    gone = update(Product).where(Product.id == deal.product.id).values(is_active=False)
    db.perform(lambda: db.session().execute(gone))
    told = rep.follow(rep.post(f"/desk/requests/{asked.public_id}/draft", page.form("draft"), page=page))
    assert told.html.select_one(".notice-error") is not None, told.words
    with db.reading() as session:
        assert session.scalars(select(Quote)).all() == []


def test_a_manager_approves_what_is_above_the_limit(deal: Deal, client: Client) -> None:
    quote = too_dear(deal)
    rep = client.sign_in(deal.rep, Realm.DESK)
    assert "above the limit of 10%" in rep.get(f"/desk/quotes/{quote.public_id}").words
    assert rep.get(f"/desk/quotes/{quote.public_id}/approval").status == 403
    manager = client.sign_in(core.staff("rep_manager", name="Mona Manager"), Realm.DESK)
    assert "Waiting for a manager’s approval" in manager.get("/desk").words
    detail = manager.get(f"/desk/quotes/{quote.public_id}")
    way = detail.html.select_one("a.btn-primary")
    assert way is not None
    page = manager.get(str(way["href"]))
    assert "of the list price; the limit is 10%" in page.words
    stale = manager.post(f"/desk/quotes/{quote.public_id}/approve", page.form("approve") | {"seen": "x"}, page=page)
    assert stale.status == 409
    sent = manager.follow(manager.post(f"/desk/quotes/{quote.public_id}/approve", page.form("approve"), page=page))
    assert "approved by Mona Manager" in sent.words
    assert make.version(quote).state == "sent"
    again = manager.post(f"/desk/quotes/{quote.public_id}/approve", page.form("approve"), page=page)
    assert again.status == 409
    assert manager.get(f"/desk/quotes/{quote.public_id}/approval").status == 409


def test_a_manager_returns_a_quote_with_a_note_that_its_representative_reads(deal: Deal, client: Client) -> None:
    quote = too_dear(deal)
    manager = client.sign_in(core.staff("rep_manager", name="Mona Manager"), Realm.DESK)
    path = f"/desk/quotes/{quote.public_id}"
    page = manager.get(f"{path}/approval")
    for note in ("", "  ", "x" * 1001, "a\x07"):
        bad = manager.post(f"{path}/return", page.form("return") | {"note": note}, page=page)
        assert bad.status == 400, note
        assert bad.html.select_one("#note-error") is not None
    manager.post(f"{path}/return", page.form("return") | {"note": "At most 15 %."}, page=page)
    rep = client.sign_in(deal.rep, Realm.DESK)
    read = rep.get(path)
    assert "Returned by Mona Manager" in read.words
    assert "At most 15 %." in read.words
    assert make.version(quote).state == "draft"


def looks() -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == queries.LOOKED)))


def test_the_customers_view_is_read_only_and_each_look_is_written_down(deal: Deal, rep: Client) -> None:
    quote = make.sent(deal)
    path = f"/desk/quotes/{quote.public_id}/customer-view"
    assert rep.get(path).status == 409
    detail = rep.get(f"/desk/quotes/{quote.public_id}")
    for count in (1, 2):
        sent = rep.post(path, detail.form("customer-view"), page=detail)
        assert len(looks()) == count
    page = rep.follow(sent)
    assert "This is what the contacts of" in page.words
    assert "Here a contact who may accept finds" in page.words
    assert not page.html.select("main form, main button, main a.btn")
    assert {(look.actor, look.subject) for look in looks()} == {(deal.desk.actor, quote.public_id)}
    assert make.version(quote).first_viewed_at is None, "a look of the desk is not the customer's"
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert rep.sign_in(deal.rep, Realm.DESK).get(path).status == 409
    manager = rep.sign_in(core.staff("rep_manager"), Realm.DESK)
    assert manager.get(path).status == 409, "each viewer's own look counts"


def test_what_the_customer_does_not_see_is_not_looked_at(deal: Deal, rep: Client) -> None:
    draft, sent = make.draft(deal), make.sent(deal)
    token = {"csrf_token": rep.token(rep.get("/desk"))}
    assert rep.post(f"/desk/quotes/{draft.public_id}/customer-view", token).status == 404
    other = rep.sign_in(make.deal().rep, Realm.DESK)
    token = {"csrf_token": other.token(other.get("/desk"))}
    assert other.post(f"/desk/quotes/{sent.public_id}/customer-view", token).status == 404
    assert looks() == []


def test_the_preview_of_a_new_version_says_what_changed(deal: Deal, rep: Client) -> None:
    quote = make.sent(deal)
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    changed = make.content(deal, title="Better")
    db.perform(service.change_draft, deal.desk, quote.public_id, changed, make.seen(quote))
    page = rep.get(f"/desk/quotes/{quote.public_id}/preview")
    assert "What changed since version 1" in page.words
    assert "Better instead of" in page.words
    old = rep.get(f"/desk/quotes/{quote.public_id}/versions/1")
    assert "Meetings for the sales team" in old.words
    assert rep.get(f"/desk/quotes/{quote.public_id}/versions/2").status == 404
    listed = rep.get(f"/desk/quotes/{quote.public_id}")
    assert listed.html.select_one(f"a[href='/desk/quotes/{quote.public_id}/versions/1']") is not None
