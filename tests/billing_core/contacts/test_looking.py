"""Looking as a contact: nothing can be sent, nothing is written, it is kept, and the contact reads of it."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.credentials.models import SignInSession
from billing_core.payments.service import pay_invoice
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.web.guards import Guard
from tests.client import Client, Page
from tests.factories import core as make
from tests.factories import ledger, quotes
from tests.factories.sql import rows

BANNER = "You can change nothing."
UNTOUCHED = {"sign_in_session"}


@pytest.fixture
def deal(app: Flask) -> quotes.Deal:
    return quotes.deal()


def look(client: Client, account: Account, person: Person) -> Page:
    here = f"/desk/accounts/{account.public_id}/contacts"
    return client.post(f"{here}/{person.public_id}/look", page=client.get("/desk"))


def looking(app: Flask, deal: quotes.Deal) -> Client:
    client = Client(app).sign_in(deal.rep, Realm.DESK)
    assert look(client, deal.account, deal.contact).location.endswith("/quotes")
    return client


def test_the_pages_are_those_of_the_contact_and_say_so(app: Flask, deal: quotes.Deal) -> None:
    quote, invoice = quotes.sent(deal), ledger.invoice(deal.account, 50_000, contact=deal.contact)
    client = looking(app, deal)
    before = rows(UNTOUCHED)
    for path in ("/quotes", f"/quotes/{quote.public_id}", "/invoices", f"/invoices/{invoice.public_id}", "/profile"):
        page = client.get(path)
        assert (page.status, BANNER in page.words) == (200, True), path
    assert rows(UNTOUCHED) == before
    assert quotes.version(quote).first_viewed_at is None
    assert "Work list" in client.get("/desk").words


@pytest.mark.parametrize("realm", [Realm.PORTAL, Realm.MY])
def test_nothing_that_is_sent_counts_on_any_address(app: Flask, deal: quotes.Deal, realm: Realm) -> None:
    quotes.sent(deal)
    person, home = deal.contact, "/quotes"
    client = looking(app, deal) if realm is Realm.PORTAL else Client(app).sign_in(make.staff("support"), Realm.DESK)
    if realm is Realm.MY:
        online = make.account(kind="online", rep_id=None)
        person, home = make.contact(online), "/my-account"
        look(client, online, person)
    token = client.token(client.get(home))
    before, seen = rows(UNTOUCHED), 0
    for rule in app.url_map.iter_rules():
        guard: Guard | None = getattr(app.view_functions[rule.endpoint], "guard", None)
        if guard is None or guard.realm is not realm or "POST" not in (rule.methods or set()):
            continue
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<string:{argument}>", "x")
        page = client.post(path, {"csrf_token": token})
        assert (page.status, "You are looking as a contact." in page.words) == (403, True), rule.endpoint
        seen += 1
    assert seen > 25
    client.post("/language", {"csrf_token": token, "language": "de", "next": home})
    assert rows(UNTOUCHED | {"person"}) == {name: kept for name, kept in before.items() if name != "person"}
    with db.reading() as session:
        assert session.get_one(Person, person.id).locale == "en"


@pytest.mark.parametrize("query", ["", "?returned=1"])
def test_no_page_leaves_a_trace_not_even_of_a_payer_who_comes_back(app: Flask, deal: quotes.Deal, query: str) -> None:
    invoice = ledger.invoice(deal.account, 50_000, contact=deal.contact)
    payment = pay_invoice(make.viewer(deal.contact), invoice.public_id, None)
    client = looking(app, deal)
    client.get("/desk")
    before = rows(UNTOUCHED)
    page = client.get(f"/payments/{payment.public_id}{query}")
    assert page.status == (403 if query else 200)
    assert rows(UNTOUCHED) == before


def test_personal_pages_are_not_shown(app: Flask, deal: quotes.Deal) -> None:
    client = looking(app, deal)
    for path in ("/security", "/security/authenticator"):
        assert client.get(path).status == 403


def test_it_is_kept_and_the_contact_reads_of_it(app: Flask, deal: quotes.Deal) -> None:
    client = looking(app, deal)
    ended = client.follow(client.post("/desk/looks/end", page=client.get("/quotes")))
    assert "You do not look as a contact any more." in ended.words
    assert client.get("/quotes").status == 303
    own = Client(app).sign_in(deal.contact)
    shown = own.get("/security").words
    assert ("Looked at as you see it" in shown, "Rita Rep" in shown) == (True, True)
    assert BANNER not in own.get("/quotes").words
    with db.reading() as session:
        looks = select(AuditEntry).where(AuditEntry.action.like("contact.look%"))
        entries = session.scalars(looks.order_by(AuditEntry.id)).all()
        sessions = session.scalars(select(SignInSession).where(SignInSession.person_id == deal.contact.id)).all()
    assert [(one.action, one.actor, one.subject) for one in entries] == [
        ("contact.look_begun", f"desk:{deal.rep.public_id}", deal.contact.public_id),
        ("contact.look_ended", f"desk:{deal.rep.public_id}", deal.contact.public_id),
    ]
    assert len(sessions) == 1  # the contact's own; the look made none


def test_it_ends_by_itself_and_with_the_right(app: Flask, deal: quotes.Deal) -> None:
    client = looking(app, deal)
    with time_machine.travel(clock.real_now() + timedelta(minutes=14), tick=False):
        assert client.get("/desk").status == 200
    with time_machine.travel(clock.real_now() + timedelta(minutes=28), tick=False):
        assert client.get("/desk").status == 200
        assert client.get("/quotes").status == 200
    with time_machine.travel(clock.real_now() + timedelta(minutes=31), tick=False):
        assert client.get("/quotes").status == 303


@pytest.mark.parametrize("what", ["the contact", "the account", "the session"])
def test_it_ends_with_what_it_stands_on(app: Flask, deal: quotes.Deal, what: str) -> None:
    client = looking(app, deal)
    assert client.get("/quotes").status == 200
    now = clock.real_now()
    change = {
        "the contact": update(BillingContact).values(removed_at=now),
        "the account": update(Account).values(rep_id=make.staff("rep").id),
        "the session": update(SignInSession).values(ended_at=now),
    }[what]
    db.perform(lambda: db.session().execute(change))
    assert client.get("/quotes").status == 303


def test_only_the_account_that_was_chosen_is_seen(app: Flask, deal: quotes.Deal) -> None:
    other = make.account()
    make.contact(other, deal.contact)
    theirs = ledger.invoice(other, 50_000, contact=deal.contact)
    client = looking(app, deal)
    assert client.get(f"/invoices/{theirs.public_id}").status == 404
    assert other.name not in client.get("/profile").words


def test_who_may_not_look(app: Flask, deal: quotes.Deal) -> None:
    online = make.account(kind="online", rep_id=None)
    buyer = make.contact(online)
    for who, account, person in (
        (make.staff("rep"), deal.account, deal.contact),
        (make.staff("support"), deal.account, deal.contact),
        (deal.rep, online, buyer),
        (deal.rep, deal.account, buyer),
    ):
        client = Client(app).sign_in(who, Realm.DESK)
        assert look(client, account, person).status == 404
    clerk = Client(app).sign_in(make.staff("finance"), Realm.DESK)
    assert look(clerk, deal.account, deal.contact).status == 403


def test_support_looks_into_the_billing_center(app: Flask) -> None:
    online = make.account(kind="online", rep_id=None)
    buyer = make.contact(online)
    client = Client(app).sign_in(make.staff("support"), Realm.DESK)
    assert look(client, online, buyer).location.endswith("/my-account")
    page = client.get("/billing")
    assert (page.status, BANNER in page.words) == (200, True)
    token = client.token(page)
    assert client.post("/billing/cart/lines", {"csrf_token": token}).status == 403
    assert client.get("/quotes").status == 303


def test_a_second_look_ends_the_first(app: Flask, deal: quotes.Deal) -> None:
    colleague = make.contact(deal.account, make.person("Dora Zweig", "dora"))
    client = looking(app, deal)
    look(client, deal.account, colleague)
    assert "as Dora Zweig does" in client.get("/quotes").words
    with db.reading() as session:
        told = select(AuditEntry.action).where(AuditEntry.action.like("contact.look%"))
        actions = list(session.scalars(told.order_by(AuditEntry.id)))
    assert actions == ["contact.look_begun", "contact.look_ended", "contact.look_begun"]
