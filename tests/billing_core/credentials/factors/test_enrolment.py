"""Setting an authenticator app up, removing it, and losing it."""

import base64
import re
import threading
from dataclasses import replace

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from app import factors as commands
from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials import hashing, refusals, service
from billing_core.credentials.factors import seals, totp
from billing_core.credentials.factors import service as factors
from billing_core.credentials.factors.models import AppEnrolment, AuthenticatorApp, RecoveryCode
from billing_core.credentials.factors.second_step import finish_sign_in
from billing_core.credentials.models import Password, SignInSession
from billing_core.people import Person
from billing_core.permissions import Realm, SessionFacts, Viewer
from tests.billing_core.credentials.observing import mails
from tests.client import Client, Page
from tests.conftest import SECRET
from tests.factories import core as make
from tests.factories.factors import app_of, code

PAGES = {Realm.PORTAL: "/security", Realm.MY: "/my-account/security", Realm.DESK: "/desk/security"}
REALMS = pytest.mark.parametrize("realm", list(Realm))


@pytest.fixture
def anna(app: Flask) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


def person_of(realm: Realm) -> Person:
    return make.staff(user_id="anna") if realm is Realm.DESK else make.contact(make.account(), make.person("A", "anna"))


def all_of(row: type) -> list:
    with db.reading() as session:
        return list(session.scalars(select(row).order_by(*row.__table__.primary_key)))


def viewer_of(person: Person) -> Viewer:
    """The person in a session of their own."""
    session = make.add(
        SignInSession(
            token_hash=db.public_id("ses"), realm="portal", person_id=person.id, created_at=clock.real_now(),
            seen_at=clock.real_now(),
        )
    )  # fmt: skip
    return replace(make.viewer(person), facts=SessionFacts(session_id=session.id))


def begin(client: Client, here: str = "/security", password: str = make.PASSWORD) -> Page:
    return client.post(f"{here}/authenticator", {"password": password})


def seed_on(page: Page) -> bytes:
    found = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page.words)
    assert found is not None, page.words
    return base64.b32decode(found[0].replace(" ", ""))


@REALMS
def test_an_app_is_set_up_and_asked_for_from_then_on(app: Flask, realm: Realm) -> None:
    person, here = person_of(realm), PAGES[realm]
    client, elsewhere = (Client(app).sign_in(person, realm) for _ in range(2))
    shown = client.follow(begin(client, here))
    assert shown.h1 == "Add the key to your app"
    assert str(shown.html.select_one("main img")["src"]).startswith("data:image/svg+xml")
    wrong = client.post(f"{here}/authenticator/confirm", {"code": "000000"}, page=shown)
    assert (wrong.status, "This code is not right" in wrong.words) == (400, True)
    assert seed_on(wrong) == seed_on(shown)
    done = client.post(
        f"{here}/authenticator/confirm", {"code": totp.code_at(seed_on(shown), clock.real_now())}, page=shown
    )
    codes = [item.get_text() for item in done.html.select("#recovery-codes li")]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}", one) for one in codes)
    assert (client.get(here).status, elsewhere.get(here).status) == (200, 303)
    assert codes[0] not in client.get(here).text
    assert "10" in client.get(here).words
    (mail,) = mails("factor-changed")
    assert "A second step for the sign-in was added to your User ID anna" in mail.text_body
    assert [entry.action for entry in all_of(AuditEntry)] == ["sessions.ended", "factor.added"]
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(realm, "anna", make.PASSWORD)
    assert finish_sign_in(realm, waiting.value.token, codes[0])


def test_neither_seed_nor_codes_are_stored_as_they_are(app: Flask, anna: Person) -> None:
    me = viewer_of(anna)
    factors.begin_enrolment(me, make.PASSWORD)
    with db.reading():
        key = factors.key_of(me)
    seed = base64.b32decode(key.text.replace(" ", ""))
    assert seed not in all_of(AppEnrolment)[0].sealed
    codes = db.perform(factors.confirm_enrolment, me, totp.code_at(seed, clock.real_now()))
    assert seed not in all_of(AuthenticatorApp)[0].sealed
    assert not {row.code_hash for row in all_of(RecoveryCode)} & set(codes)
    assert all_of(AppEnrolment) == []


def test_with_a_factor_the_session_gets_another_token(app: Flask, anna: Person) -> None:
    client, thief = Client(app).sign_in(anna), Client(app)
    cookie = client.browser.get_cookie("portal-session")
    assert cookie is not None
    thief.browser.set_cookie("portal-session", cookie.value)
    shown = client.follow(begin(client))
    assert thief.get("/quotes").status == 200
    seed = seed_on(shown)
    client.post("/security/authenticator/confirm", {"code": totp.code_at(seed, clock.real_now())}, page=shown)
    assert len(all_of(AuthenticatorApp)) == 1
    assert (client.get("/quotes").status, thief.get("/quotes").status) == (200, 303)


def test_without_the_password_no_key_is_made(app: Flask, anna: Person) -> None:
    client = Client(app).sign_in(anna)
    page = begin(client, password="wrong but long enough")
    assert (page.status, "This is not your password." in page.words) == (400, True)
    assert client.get("/security/authenticator/confirm").location.endswith("/security/authenticator")
    for _ in range(4):
        begin(client, password="wrong but long enough")
    assert begin(client).status == 429
    assert all_of(AppEnrolment) == []


def test_the_key_is_for_the_session_that_asked_and_for_minutes(app: Flask, anna: Person) -> None:
    mine, thief = viewer_of(anna), viewer_of(anna)
    factors.begin_enrolment(mine, make.PASSWORD)
    with db.reading():
        assert factors.key_of(mine)
        with pytest.raises(refusals.EnrolmentOver):
            factors.key_of(thief)
    later = clock.real_now() + factors.ENROLMENT_LIVES
    with time_machine.travel(later, tick=False), db.reading(), pytest.raises(refusals.EnrolmentOver):
        factors.key_of(mine)


def test_a_second_app_is_refused(app: Flask, anna: Person) -> None:
    app_of(anna)
    client = Client(app).sign_in(anna)
    page = begin(client)
    assert (page.status, "An authenticator app is set up already." in page.words) == (409, True)


def test_a_key_confirmed_twice_at_once_gives_codes_once(app: Flask, anna: Person) -> None:
    me, outcomes = viewer_of(anna), []
    factors.begin_enrolment(me, make.PASSWORD)
    with db.reading():
        seed = base64.b32decode(factors.key_of(me).text.replace(" ", ""))
    barrier = threading.Barrier(3)

    def confirm() -> None:
        barrier.wait()
        try:
            outcomes.append(len(db.perform(factors.confirm_enrolment, me, totp.code_at(seed, clock.real_now()))))
        except refusals.HasFactor:
            outcomes.append(0)

    threads = [threading.Thread(target=confirm) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == [0, 0, 10]
    assert len(all_of(RecoveryCode)) == 10


@REALMS
def test_an_app_is_removed_with_the_password(app: Flask, realm: Realm) -> None:
    person, here = person_of(realm), PAGES[realm]
    app_of(person)
    client, elsewhere = (Client(app).sign_in(person, realm) for _ in range(2))
    wrong = client.post(f"{here}/authenticator/remove", {"password": "wrong but long enough"})
    assert (wrong.status, len(all_of(AuthenticatorApp))) == (400, 1)
    done = client.follow(client.post(f"{here}/authenticator/remove", {"password": make.PASSWORD}))
    assert "Two-step sign-in is removed." in done.words
    assert elsewhere.get(here).status == 303
    assert all_of(AuthenticatorApp) == all_of(RecoveryCode) == []
    assert service.sign_in(realm, "anna", make.PASSWORD)
    (mail,) = mails("factor-changed")
    assert "Two-step sign-in was removed for your User ID anna" in mail.text_body
    assert [entry.action for entry in all_of(AuditEntry)][-2:] == ["factor.removed", "session.begun"]
    assert client.post(f"{here}/authenticator/remove", {"password": make.PASSWORD}).status == 404


def test_a_password_that_is_too_short_alone_keeps_its_factor(app: Flask, anna: Person) -> None:
    short = "x7-Qm!vT2_pL"
    app_of(anna)

    def shorten() -> None:
        db.session().get_one(Password, anna.id).hash = hashing.hash_password(short)

    db.perform(shorten)
    page = Client(app).sign_in(anna).post("/security/authenticator/remove", {"password": short})
    assert (page.status, "fewer than 15 characters" in page.words) == (409, True)
    assert len(all_of(AuthenticatorApp)) == 1


def test_a_password_changed_between_the_two_looks_proves_nothing(
    app: Flask, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app_of(anna)
    me, verify = viewer_of(anna), hashing.Hashing.verify

    def meanwhile(self: hashing.Hashing, stored: str | None, password: str) -> bool:
        def change() -> None:
            db.session().get_one(Password, anna.id).hash = hashing.hash_password("quite another one, this is")

        db.perform(change)
        return verify(self, stored, password)

    monkeypatch.setattr(hashing.Hashing, "verify", meanwhile)
    with pytest.raises(refusals.WrongPassword):
        factors.remove_factor(me, make.PASSWORD)
    assert len(all_of(AuthenticatorApp)) == 1


def test_the_operator_removes_a_lost_factor_and_the_way_in_leads_through_the_mailbox(app: Flask, anna: Person) -> None:
    app_of(anna)
    client = Client(app).sign_in(anna)
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    command = commands.commands(lambda: None)
    done = CliRunner().invoke(command, ["remove", " ANNA"])
    assert (done.exit_code, "Anna Schmidt" in done.output) == (0, True)
    assert all_of(AuthenticatorApp) == all_of(RecoveryCode) == []
    assert client.get("/security").status == 303
    with pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.PORTAL, waiting.value.token, code())
    with pytest.raises(service.SignInFailed):
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    (mail,) = mails("factor-changed")
    assert "create a new one at the sign-in" in mail.text_body
    (entry,) = all_of(AuditEntry)
    assert (entry.actor, entry.action, entry.subject) == ("command", "factor.removed", anna.public_id)
    for user_id in ("anna", "nobody"):
        assert CliRunner().invoke(command, ["remove", user_id]).exit_code == 1


def test_another_secret_key_leaves_the_recovery_codes(app: Flask, anna: Person) -> None:
    codes = app_of(anna)
    seals.use_secret("another secret key of this program")
    try:
        with pytest.raises(service.FactorNeeded) as waiting:
            service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
        with pytest.raises(refusals.WrongCode):
            finish_sign_in(Realm.PORTAL, waiting.value.token, code())
        assert finish_sign_in(Realm.PORTAL, waiting.value.token, codes[0])
    finally:
        seals.use_secret(SECRET)


def test_in_german_the_pages_are_german(app: Flask, anna: Person) -> None:
    client = Client(app).sign_in(anna)
    client.post("/language", {"language": "de", "next": "/security"}, page=client.get("/security"))
    page = client.get("/security")
    assert "Authentifizierungs-App einrichten" in page.words
