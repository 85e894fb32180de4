"""Which accounts exist for whom at the desk: own ones for representatives, those of the own ones for managers."""

from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote
from corporate_portal.requests.models import QuoteRequest
from corporate_portal.requests.service import Wish, ask_for_quote
from tests.client import Client
from tests.factories import core, ledger, quotes
from tests.factories.quotes import Deal

WHOSE = ("own", "other", "free", "left")
"""The representative of manager Ada; of manager Ben; without a manager; of one who does not work here any more."""
SEES = {
    "rep own": {"own"},
    "rep other": {"other"},
    "manager Ada": {"own", "free", "left"},
    "manager Ben": {"other", "free", "left"},
    "finance": set(WHOSE),
    "support": set(WHOSE),
}
"""Whose quotes and requests exist for whom."""


@dataclass
class Desk:
    """Four representatives with a quote that waits for approval, a request and an invoice each; all browsers."""

    deals: dict[str, Deal] = field(default_factory=dict)
    waiting: dict[str, Quote] = field(default_factory=dict)
    asked: dict[str, QuoteRequest] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)


def manage(rep: Person, manager: Person) -> None:
    db.perform(lambda: db.session().execute(update(Person).where(Person.id == rep.id).values(manager_id=manager.id)))


@pytest.fixture
def desk(app: Flask) -> Desk:
    found = Desk()
    ada, ben = core.staff("rep_manager", name="Ada"), core.staff("rep_manager", name="Ben")
    gone = core.staff("rep_manager", name="Gone", disabled_at=clock.now())
    managers = {"own": ada, "other": ben, "left": gone}
    for whose in WHOSE:
        deal = found.deals[whose] = quotes.deal()
        if whose in managers:
            manage(deal.rep, managers[whose])
        wish = Wish("start", 3, product_code=deal.product.code, text="Please.")
        found.asked[whose] = db.perform(ask_for_quote, deal.portal, wish, "0123456789ab")
        found.invoices[whose] = ledger.invoice(deal.account, 5000, contact=deal.contact)
        found.waiting[whose] = quotes.sent(deal, percent_off=3000)
    found.people = {
        "rep own": found.deals["own"].rep, "rep other": found.deals["other"].rep, "manager Ada": ada,
        "manager Ben": ben, "finance": core.staff("finance"), "support": core.staff("support"),
    }  # fmt: skip
    found.clients = {who: Client(app).sign_in(person, Realm.DESK) for who, person in found.people.items()}
    return found


def test_quotes_and_requests(desk: Desk) -> None:
    for who, client in desk.clients.items():
        listed, asked, work = (client.get(path).text for path in ("/desk/quotes", "/desk/requests", "/desk"))
        for whose in WHOSE:
            sees = whose in SEES[who]
            quote, request = desk.waiting[whose].public_id, desk.asked[whose].public_id
            for path in (f"/desk/quotes/{quote}", f"/desk/quotes/{quote}/preview", f"/desk/requests/{request}"):
                assert client.get(path).status == (200 if sees else 404), (who, path)
            assert (f"/desk/quotes/{quote}" in listed) == sees, (who, whose)
            assert (f"/desk/requests/{request}" in asked) == sees, (who, whose)
            assert (quote in work) == (request in work) == sees, (who, whose)


def test_approvals(desk: Desk) -> None:
    for who, client in desk.clients.items():
        for whose in WHOSE:
            page = client.get(f"/desk/quotes/{desk.waiting[whose].public_id}/approval")
            manages = who.startswith("manager")
            assert page.status == (200 if manages and whose in SEES[who] else 404 if manages else 403), (who, whose)


def test_another_managers_quote_cannot_be_approved(desk: Desk) -> None:
    ben, quote = core.viewer(desk.people["manager Ben"], Realm.DESK), desk.waiting["own"]
    seen = quotes.seen(quote)
    with pytest.raises(NotFound):
        db.perform(service.approve_quote, ben, quote.public_id, seen)
    with pytest.raises(NotFound):
        db.perform(service.return_quote, ben, quote.public_id, "Less.")
    ada = core.viewer(desk.people["manager Ada"], Realm.DESK)
    assert db.perform(service.approve_quote, ada, quote.public_id, seen).state == "sent"


def test_who_is_asked_for_approval(desk: Desk) -> None:
    with db.reading() as session:
        told = session.execute(select(OutboxMail.subject, OutboxMail.recipient_name, OutboxMail.account_id)).all()
    for whose, names in {"own": {"Ada"}, "other": {"Ben"}, "free": {"Ada", "Ben"}, "left": {"Ada", "Ben"}}.items():
        account = desk.deals[whose].account.id
        assert {row[1] for row in told if row[2] == account and "discount" in row[0]} == names, whose


def test_invoices_are_for_finance_and_online_accounts_for_support(desk: Desk) -> None:
    online = core.account(kind="online", rep_id=None)
    for who, client in desk.clients.items():
        for whose in WHOSE:
            account = desk.deals[whose].account.public_id
            for path in (f"/desk/invoices/{desk.invoices[whose].public_id}", f"/desk/accounts/{account}/money"):
                assert client.get(path).status == (200 if who == "finance" else 403), (who, path)
        page = client.get(f"/desk/online-accounts/{online.public_id}")
        assert page.status == (200 if who == "support" else 403), who


def test_the_audit_trail(desk: Desk) -> None:
    for who in ("manager Ada", "manager Ben", "finance"):
        for whose in WHOSE:
            number = desk.deals[whose].account.number
            page = desk.clients[who].get(f"/desk/audit?account={number}")
            assert ("No entry matches" not in page.words) == (whose in SEES[who]), (who, whose)


def test_only_the_representative_writes(desk: Desk) -> None:
    for who, client in desk.clients.items():
        for whose in WHOSE:
            path = f"/desk/accounts/{desk.deals[whose].account.public_id}/quotes/new"
            own = who == f"rep {whose}"
            expected = 200 if own else 404 if who.startswith("rep") else 403
            assert client.get(path).status == expected, (who, whose)
