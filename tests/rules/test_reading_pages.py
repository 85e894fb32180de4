"""GET changes nothing, with a short list of exceptions; a page takes as many statements for many rows as for one."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from flask import Flask
from html5lib.html5parser import HTMLParser, ParseError

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.payments.service import cancel_payment, pay_invoice
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from billing_core.web.guards import Guard
from corporate_portal.quotes.offer.content import LineWish
from tests.client import Client, Page
from tests.factories import core, ledger, plans
from tests.factories import quotes as make
from tests.factories.sql import rows, statements, writes
from tests.rules.world import World, dead_job

TOUCH = "touch_session"
"""Any page of a signed-in person notes, at most once a minute, that the session is in use."""
EXCEPTIONS = {("quotes.detail", "mark_viewed")}
"""What else a GET writes. The exchange of a password link is one that writes nothing; the return is tested below."""


FILES = {
    "static_files.serve", "static_files.brand_colour", "mailbox.letter", "statement.csv", "receivables.csv",
    "receivables.day_end_csv", "receivables.export_csv", "trail.csv",
}  # fmt: skip
"""They are no pages, and have headers of their own."""
ABSENT = {
    "receivables.export_csv": {400},
    "static_files.serve": {404},
    "static_files.brand_colour": {200, 404},
    "mailbox.attachment": {404},
} | {"auth.new_password": {410}}
"""Addresses for which this world has nothing; a password link without a mail has expired. An export needs its days."""


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the verbs that are performed."""
    called: list[str] = []
    once = db._once

    def spy(verb: Callable[[], Any], **kwargs: Any) -> Any:
        named: Any = verb
        while isinstance(named, partial):
            named = named.func
        called.append(named.__name__)
        return once(verb, **kwargs)

    monkeypatch.setattr(db, "_once", spy)
    return called


def test_opening_any_page_changes_nothing_but_what_is_listed(app: Flask, world: World, verbs: list[str]) -> None:
    row = f"&quote={world.quote.public_id}&rows-0-quote={world.quote.public_id}&rows-0-reviewed={world.reviewed}"
    found, seen, query = set(), 0, f"?reviewed={world.reviewed}&payment=terms{row}"
    for rule in app.url_map.iter_rules():
        guard: Guard = app.view_functions[rule.endpoint].guard  # type: ignore[attr-defined]
        if "GET" not in (rule.methods or set()) or guard.scope:  # programs' reads: tests/corporate_portal/api
            continue
        client, path = world.client(rule.endpoint, guard.realm), world.path(rule)
        verbs.clear()  # of signing in
        with time_machine.travel(clock.now() + timedelta(minutes=2)), statements() as ran:
            page = Page(client.browser.get(path + query)) if rule.endpoint in FILES else client.get(path + query)
        if page.text and rule.endpoint not in FILES:
            nest(page.text, rule.endpoint)
        expected = ABSENT.get(rule.endpoint, {200, 202, 303})
        assert page.status in expected, f"{rule.endpoint}: {page.status} {page.h1}"
        assert verbs.count(TOUCH) == (guard.realm is not None), rule.endpoint
        others = set(verbs) - {TOUCH}
        found |= {(rule.endpoint, verb) for verb in others}
        if not others:
            changed = {re.split(r"\s+", one)[1] for one in writes(ran)}
            assert changed <= {"sign_in_session"}, f"{rule.endpoint}: {changed}"
        seen += 1
    assert found == EXCEPTIONS
    assert seen > 40


def nest(text: str, endpoint: str) -> None:
    """Refuse what a browser would have to repair: tags in the wrong place, unclosed, or closed twice."""
    try:
        HTMLParser(strict=True).parse(text)
    except ParseError as fault:
        raise AssertionError(f"{endpoint}: {fault}") from fault


def test_a_password_link_is_opened_as_often_as_anybody_likes(client: Client, world: World, verbs: list[str]) -> None:
    before = rows()
    for _ in range(3):
        assert client.follow(client.get("/password/reset/a-token-of-nobody")).status in (200, 400, 404, 409, 410)
    assert verbs == []
    assert rows() == before


def test_the_return_from_the_processor_is_the_payment_pages_only_write(world: World, verbs: list[str]) -> None:
    client = world.client("payments.detail", Realm.PORTAL)
    path = f"/payments/{world.objects['payments']}"
    verbs.clear()
    for _ in range(2):
        client.get(path)
    assert verbs == []
    with statements() as ran:
        client.get(path + "?returned=1")
    assert verbs
    tables = {
        match[1] for one in writes(ran) if (match := re.match(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", one))
    }
    assert tables <= {"job", "payment", "sign_in_session"}, tables


def sent(client: Client, path: str) -> int:
    """How many statements the page takes, when nothing is left to be noted."""
    client.get(path)
    with statements() as ran:
        assert client.get(path).status in (200, 303)
    return len(ran)


def subscription(of: Account, product_id: int) -> None:
    core.add(
        Subscription(
            public_id=db.public_id("sub"), source="test", external_id=db.public_id("sub"), account_id=of.id,
            product_id=product_id, seats=1, frequency="yearly", unit_price=100, currency="EUR",
            period_start=date(2026, 1, 1), period_end=date(2036, 1, 1),
        )
    )  # fmt: skip


def test_pages_of_my_account_take_the_same_statements_for_many_rows(app: Flask) -> None:
    online = core.account(kind="online", rep_id=None)
    admin = core.contact(online, is_admin=True)
    product = plans.tiered()
    subscription(online, product.id)
    paths = ("/billing", "/billing/plans", f"/billing/plans/{product.code}", "/admin-center", "/my-account/billing")
    client = Client(app).sign_in(admin, Realm.MY)
    few = {path: sent(client, path) for path in paths}
    for _ in range(6):
        subscription(online, core.product().id)
        core.member(online)
        core.contact(online)
    subscription(online, plans.tiered().id)
    subscription(online, product.id)
    assert {path: sent(client, path) for path in paths} == few


def test_the_quote_at_the_desk_takes_the_same_statements_for_many_lines(app: Flask) -> None:
    deal = make.deal()
    client = Client(app).sign_in(deal.rep, Realm.DESK)
    line = LineWish(deal.product.code, "", "yearly", 1)
    other = [LineWish(core.product().code, "", "monthly", 2) for _ in range(6)]
    one, many = make.sent(deal, lines=(line,)), make.sent(deal, lines=(line, *other))
    for part in ("", "/preview"):
        assert sent(client, f"/desk/quotes/{one.public_id}{part}") == sent(
            client, f"/desk/quotes/{many.public_id}{part}"
        )


def test_the_list_of_dead_jobs_takes_the_same_statements_for_many(app: Flask) -> None:
    client = Client(app).sign_in(core.staff("support"), Realm.DESK)
    dead_job()
    few = sent(client, "/desk/jobs")
    for _ in range(6):
        dead_job()
    assert sent(client, "/desk/jobs") == few


def test_a_payment_takes_the_same_statements_among_many(app: Flask) -> None:
    account = core.account()
    contact = core.contact(account)
    invoice, client = ledger.invoice(account, contact=contact), Client(app).sign_in(contact)
    viewer = core.viewer(contact)
    payment = pay_invoice(viewer, invoice.public_id, 100)
    few = sent(client, f"/payments/{payment.public_id}")
    for _ in range(4):
        cancel_payment(viewer, pay_invoice(viewer, invoice.public_id, 100).public_id)
    assert sent(client, f"/payments/{payment.public_id}") == few
