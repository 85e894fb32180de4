"""People come from an outside My Account with a token: through the page, on both databases."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.credentials import service as credentials
from billing_core.credentials.hand_off import service
from billing_core.credentials.models import HandOff, SignInSession
from billing_core.people import Membership, Person
from billing_core.permissions import Realm
from billing_core.web.outside import Outside
from tests.client import Client, Page
from tests.concurrency.server import at_once
from tests.factories import core as make
from tests.factories.hand_offs import HEADER, OTHER_KEY, SITE, TRUST, signed, token

PLACE = "/my-account/hand-off"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def outside(app: Flask) -> Outside:
    """My Account is another site."""
    found = Outside(my_account=f"{SITE}/sign-in?lang=en", admin_center="https://admin.vendor.example/", trust=TRUST)
    app.config["OUTSIDE"] = found
    return found


@pytest.fixture
def anna(outside: Outside) -> Person:
    """A billing contact of an online account, without a password."""
    return make.contact(make.account(kind="online", name="Studio Anna"), make.person("Anna Schmidt", password=None))


def send(client: Client, text: str, origin: str = SITE) -> Page:
    """What the browser does when the other site's page sends its form."""
    return client.post(PLACE, {"token": text, "csrf_token": ""}, headers={"Origin": origin})


def count(table: Any) -> int:
    with db.reading() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def noted(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def is_refused(page: Page) -> bool:
    return (page.status, page.h1) == (400, "My Account could not hand you over to billing")


def test_a_contact_lands_on_the_subscriptions_page(client: Client, anna: Person) -> None:
    page = client.follow(client.follow(send(client, token(anna.external_id))))
    assert page.h1 == "Subscriptions"
    assert "Studio Anna" in page.words
    assert "Signed in as Anna Schmidt" in page.words
    (taken,) = noted("hand_off.taken")
    assert (taken.actor, taken.subject) == (f"my:{anna.public_id}", anna.public_id)


def test_add_licenses_and_the_account_that_they_looked_at_come_along(client: Client, anna: Person) -> None:
    other = make.account(name="Acme AG")
    make.member(other, anna, is_admin=True)
    make.contact(other, make.person("Carla Contact"))
    page = send(client, token(anna.external_id, to="add-licenses", account=other.external_id))
    assert page.location == "/admin-center/licenses"
    assert "Carla Contact" in client.follow(page).words
    assert client.follow(send(client, token(anna.external_id))).h1 == "Choose the account"


def test_an_account_that_is_not_theirs_is_never_opened_and_another_not_by_itself(client: Client, anna: Person) -> None:
    closed = make.account(closed_on=clock.today("UTC"))
    make.member(closed, anna)
    for account in (make.account(), closed):
        page = send(client, token(anna.external_id, account=account.external_id))
        assert page.location == "/my-account"
        page = client.follow(page)
        assert "You do not belong to the account that you came from" in page.words
        assert account.name not in page.words


@pytest.mark.parametrize("is_closed", [True, False])
def test_who_has_no_account_is_told_so(client: Client, outside: Outside, is_closed: bool) -> None:
    person = make.person()
    if is_closed:
        make.contact(make.account(closed_on=clock.today("UTC")), person)
    page = client.follow(send(client, token(person.external_id)))
    assert page.h1 == "You do not belong to an account"


def test_the_way_back_leads_to_pages_of_my_account_only(client: Client, anna: Person) -> None:
    for wanted in ("/quotes", "/desk", "//evil.example", "/my-account/ask\\", "/nothing", PLACE, "/password/reset/x"):
        assert send(client, token(anna.external_id, next=wanted)).location == "/my-account/billing"
    assert send(client, token(anna.external_id, next="/my-account/ask?a=1")).location == "/my-account/ask?a=1"


def test_only_my_account_is_opened_and_the_portal_asks_for_its_own_sign_in(client: Client, outside: Outside) -> None:
    contact = make.contact(make.account())
    page = client.follow(send(client, token(contact.external_id)))
    assert page.location == "/sign-in"
    assert client.get("/quotes").status == 303


def test_the_session_that_was_here_ends_and_a_planted_one_opens_nothing(client: Client, anna: Person) -> None:
    thief = Client(client.app).sign_in(make.member(make.account()), Realm.MY)
    planted = thief.browser.get_cookie("my-session")
    assert planted is not None
    client.browser.set_cookie("my-session", planted.value)
    send(client, token(anna.external_id))
    assert "Anna Schmidt" in client.get("/my-account").words
    assert thief.get("/my-account").status == 303


def test_a_token_is_good_for_one_time(client: Client, anna: Person, caplog: pytest.LogCaptureFixture) -> None:
    text = token(anna.external_id)
    assert send(client, text).status == 303
    thief = Client(client.app)
    with caplog.at_level(logging.WARNING):
        assert is_refused(send(thief, text))
    assert "a hand-off was refused: used before" in caplog.text
    assert text not in caplog.text
    assert b"used before" in noted("hand_off.refused")[0].detail
    assert thief.browser.get_cookie("my-session") is None
    assert (count(HandOff), count(SignInSession)) == (1, 1)


def test_of_many_browsers_at_once_one_gets_in(app: Flask, anna: Person) -> None:
    text = token(anna.external_id)
    answers = at_once([lambda: send(Client(app), text).status] * 6)
    assert sorted(answers) == [303, *[400] * 5]
    assert (count(HandOff), count(SignInSession), len(noted("hand_off.taken"))) == (1, 1, 1)


def test_a_crash_before_the_end_leaves_the_token_good(
    client: Client, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = token(anna.external_id)
    with monkeypatch.context() as patch:
        patch.setattr(service.audit, "record", lambda *_args, **_kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(client, text)
    assert (count(HandOff), count(SignInSession)) == (0, 0)
    assert send(client, text).status == 303


def test_every_refusal_looks_the_same(client: Client, anna: Person) -> None:
    disabled = make.contact(make.account(kind="online"), make.person(disabled_at=clock.now()))
    elsewhere = make.member(make.account(), make.person(source="crm", external_id="elsewhere"))
    staff = make.staff("support")
    now, person = int(clock.now().timestamp()), anna.external_id
    tokens = [
        "", "x", "a.b.c", "\x00", "A" * 100_000, token("nobody"), token(disabled.external_id), token(staff.external_id),
        token(elsewhere.external_id), token(person, aud="https://other.example"), token(person, iss="https://other.example"),
        token(person, iat=now - 90, exp=now - 30), token(person, iat=now + 30, exp=now + 90),
        token(person, exp=now + 999), token(person, jti=...),
        signed(HEADER | {"alg": "none"}, b"{}"), signed(HEADER, b"{}", OTHER_KEY.sign),
    ]  # fmt: skip
    pages = []
    for text in tokens:
        page = send(client, text)
        assert is_refused(page), text
        pages.append(page.words)
        db.perform(credentials.throttles.forget, credentials.throttles.HAND_OFF_ADDRESS, "127.0.0.1")
    pages.append(send(client, token(person), origin="https://evil.example").words)
    assert len(set(pages)) == 1
    assert (count(HandOff), count(SignInSession)) == (0, 0)
    causes = [entry.detail.decode() for entry in noted("hand_off.refused")]
    assert len(causes) == 10  # those with a good signature and readable claims
    assert all(entry.actor == "hand-off" for entry in noted("hand_off.refused"))


def test_twenty_refusals_close_the_door_for_an_address_and_good_ones_do_not(client: Client, anna: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        for _ in range(25):
            assert send(client, token(anna.external_id)).status == 303
        for _ in range(20):
            assert is_refused(send(client, "x"))
        refused = send(client, token(anna.external_id))
        assert refused.status == 429
        assert refused.response.headers["Retry-After"] == "600"
        moving.shift(timedelta(minutes=10))
        assert send(client, token(anna.external_id)).status == 303


def test_who_is_not_signed_in_is_shown_the_way_and_told_to_come_back(client: Client, anna: Person) -> None:
    for path, host, to in (
        ("/my-account/billing", "account.vendor.example", "go-to-billing"),
        ("/billing", "account.vendor.example", "go-to-billing"),
        ("/admin-center/licenses/portal?product=W%26B", "admin.vendor.example", "add-licenses"),
    ):
        page = client.follow(client.get(path))
        assert page.h1 == "Sign in to My Account"
        link = page.html.select_one("main a.btn-primary")
        assert link is not None
        address = urlsplit(str(link["href"]))
        assert address.hostname == host
        given = {name: value for name, (value,) in parse_qs(address.query).items()}
        assert (given["to"], given["next"]) == (to, path)
        page = send(client, token(anna.external_id, to=given["to"], next=given["next"]))
        assert page.location == path
        client.post("/my-account/sign-out", page=client.get("/my-account"))
    assert client.get("/my-account/sign-in").status == 200


def test_no_password_opens_my_account_then(client: Client, outside: Outside) -> None:
    person = make.member(make.account())
    page = client.get("/my-account/sign-in")
    typed = {"user_id": person.email, "password": make.PASSWORD}
    assert client.post("/my-account/sign-in", typed, page=page).status == 404
    assert client.sign_in(person, Realm.MY).get("/my-account/sign-in").location == "/my-account"


def test_without_such_a_site_there_is_no_such_door(client: Client) -> None:
    assert send(client, token()).status == 404


def test_used_tokens_are_forgotten_when_their_time_is_long_over(client: Client, anna: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        send(client, token(anna.external_id))
        moving.shift(timedelta(days=1))
        credentials.tidy()
        assert count(HandOff) == 1
        moving.shift(timedelta(minutes=2))
        credentials.tidy()
        assert (count(HandOff), count(SignInSession)) == (0, 1)


@pytest.mark.parametrize("to", ["go-to-billing", "add-licenses"])
def test_online_contacts_are_led_to_an_outside_checkout(client: Client, app: Flask, anna: Person, to: str) -> None:
    app.config["OUTSIDE"] = replace(
        app.config["OUTSIDE"], checkout="https://shop.vendor.example/{account}?from=billing"
    )
    corporate = make.account(name="Acme AG")
    make.contact(corporate, anna, is_admin=True)
    online = account_of(anna, "Studio Anna")
    db.perform(make_admin, anna)
    page = client.follow(send(client, token(anna.external_id, to=to)))
    assert page.h1 == "Choose the account"
    chosen = client.post(
        "/my-account/account", page.form("/my-account/account") | {"account": online.public_id}, page=page
    )
    shop = f"https://shop.vendor.example/{online.external_id}?from=billing"
    assert client.follow(chosen).location == shop
    assert client.follow(client.get("/billing")).location == shop
    client.post("/my-account/account", {"account": corporate.public_id}, page=client.get("/my-account"))
    assert client.follow(client.get("/billing")).location == f"/sign-in?account={corporate.public_id}"


def account_of(person: Person, name: str) -> Account:
    standing = next(s for s in make.viewer(person, Realm.MY).standings if s.account_name == name)
    with db.reading() as session:
        return session.get_one(Account, standing.account_id)


def make_admin(person: Person) -> None:
    for membership in db.session().scalars(select(Membership).where(Membership.person_id == person.id)):
        membership.is_admin = True


def test_who_is_no_contact_is_not_led_to_an_outside_checkout(client: Client, app: Flask, outside: Outside) -> None:
    app.config["OUTSIDE"] = replace(outside, checkout="https://shop.vendor.example/")
    account = make.account(kind="online")
    make.contact(account, make.person("Carla Contact"))
    client.sign_in(make.member(account), Realm.MY)
    page = client.follow(client.get("/billing"))
    assert page.h1 == "Contact your billing administrator"
