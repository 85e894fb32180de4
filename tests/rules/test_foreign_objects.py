"""Another account's object does not exist: each address with an object answers 404 to a stranger, and nothing changes.

The addresses come from the routes themselves, so a new one without an object here fails the test.
"""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import tables
from billing_core import db
from billing_core.payments.service import pay_invoice
from billing_core.people import Person
from billing_core.permissions import Realm
from billing_core.web.guards import Guard
from tests.client import Client
from tests.factories import core, ledger
from tests.factories import quotes as make

UNTOUCHED = {"sign_in_session"}
"""Looking at a page may note that the session was used."""
MISSING = {"desk.retry_job": "999999"}
"""Belongs to no account."""


def rows() -> dict[str, list[str]]:
    """Everything that is stored."""
    with db.reading() as session:
        return {
            table.name: sorted(json.dumps([str(value) for value in row]) for row in session.execute(select(table)))
            for table in tables.metadata.sorted_tables
            if table.name not in UNTOUCHED
        }


@pytest.fixture
def objects(app: Flask) -> dict[str, str]:
    """The public ids of one account's objects, by blueprint or endpoint."""
    deal = make.deal()
    make.accepted(deal)
    quote = make.sent(deal)
    invoice = ledger.invoice(deal.account, contact=deal.contact)
    payment = pay_invoice(core.viewer(deal.contact), invoice.public_id, None)
    return {
        "quotes": quote.public_id,
        "invoices": invoice.public_id,
        "payments": payment.public_id,
        "profile": deal.account.public_id,
        "desk": quote.public_id,
        "desk.new_quote": deal.account.public_id,
        "desk.save_new_quote": deal.account.public_id,
    }


def test_a_stranger_finds_nothing_and_changes_nothing(app: Flask, objects: dict[str, str]) -> None:
    strangers = {
        Realm.PORTAL: Client(app).sign_in(core.contact(core.account())),
        Realm.DESK: Client(app).sign_in(core.staff("rep"), Realm.DESK),
    }
    tokens = {realm: client.token(client.get(_home(realm))) for realm, client in strangers.items()}
    before, seen = rows(), 0
    for rule in app.url_map.iter_rules():
        guard: Guard | None = getattr(app.view_functions[rule.endpoint], "guard", None)
        if guard is None or guard.realm not in strangers or not rule.arguments:
            continue
        found = objects | MISSING
        named = found.get(rule.endpoint, found.get(rule.endpoint.partition(".")[0], ""))
        path = rule.rule.replace("<string:public_id>", named).replace("<string:number>", named)
        assert "<" not in path, f"{rule.rule} has no object in this test"
        client, form = strangers[guard.realm], {"csrf_token": tokens[guard.realm]}
        page = client.post(path, form) if "POST" in (rule.methods or set()) else client.get(path)
        assert page.status in ((404, 403) if rule.endpoint in MISSING else (404,)), (
            f"{rule.rule}: {page.status} {page.h1}"
        )
        seen += 1
    assert seen > 15
    assert rows() == before


def _home(realm: Realm) -> str:
    return {Realm.PORTAL: "/quotes", Realm.DESK: "/desk"}[realm]


def test_the_owner_finds_them(app: Flask, objects: dict[str, Any]) -> None:
    """The same addresses work for the right person: otherwise the test above would prove nothing."""
    with db.reading() as session:
        quote = session.execute(select(tables.metadata.tables["quote"])).first()
        contact = session.execute(select(tables.metadata.tables["billing_contact"])).first()
    assert quote is not None
    assert contact is not None
    with db.reading() as session:
        owner, rep = session.get_one(Person, contact.person_id), session.get_one(Person, quote.rep_id)
    portal, desk = Client(app).sign_in(owner), Client(app).sign_in(rep, Realm.DESK)
    for path in (
        f"/quotes/{objects['quotes']}",
        f"/invoices/{objects['invoices']}",
        f"/payments/{objects['payments']}",
    ):
        assert portal.get(path).status == 200, path
    assert desk.get(f"/desk/quotes/{objects['desk']}").status == 200
