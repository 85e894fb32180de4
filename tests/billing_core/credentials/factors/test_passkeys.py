"""Passkeys as second step: making, using, removing them, and the answers that do not count."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.credentials import service
from billing_core.credentials.factors import second_step
from billing_core.credentials.factors.ceremonies import Answer, Site
from billing_core.credentials.factors.models import AuthenticatorApp, Passkey, PasskeyEnrolment, RecoveryCode
from billing_core.credentials.models import SignInSession
from billing_core.credentials.refusals import SignInOver, WrongPasskey
from billing_core.errors import TooMany
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import mails
from tests.client import Client, Page
from tests.factories import core as make
from tests.factories.factors import app_of
from tests.factories.passkeys import ORIGIN, PRESENT, VERIFIED, SoftKey, passkey_of

DOORS = {
    Realm.PORTAL: ("/sign-in", "/security"),
    Realm.MY: ("/my-account/sign-in", "/my-account/security"),
    Realm.DESK: ("/desk/sign-in", "/desk/security"),
}
REALMS = pytest.mark.parametrize("realm", list(Realm))
SITE = Site("localhost", ORIGIN)


@pytest.fixture
def anna(app: Flask) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"), is_admin=True)


def person_of(realm: Realm) -> Person:
    return make.staff(user_id="anna") if realm is Realm.DESK else make.contact(make.account(), make.person("A", "anna"))


def all_of(row: type) -> list:
    with db.reading() as session:
        return list(session.scalars(select(row).order_by(*row.__table__.primary_key)))


def options_on(page: Page) -> str:
    """What the page's script hands to the browser."""
    button = page.html.select_one("button[data-passkey]")
    assert button is not None, page.words
    return str(button["data-options"])


def begin(client: Client, here: str = "/security") -> Page:
    return client.follow(client.post(f"{here}/passkeys", page=client.get(here)))


def add(client: Client, key: SoftKey, here: str = "/security", name: str = "Laptop") -> Page:
    shown = begin(client, here)
    return client.post(f"{here}/passkeys/new", {"name": name, "passkey": key.make(options_on(shown))}, page=shown)


def half_in(client: Client, realm: Realm = Realm.PORTAL) -> Page:
    door = DOORS[realm][0]
    return client.follow(client.post(door, {"user_id": "anna", "password": make.PASSWORD}))


def finish(client: Client, shown: Page, answer: str, realm: Realm = Realm.PORTAL) -> Page:
    return client.post(f"{DOORS[realm][1]}/second-step", {"passkey": answer, "code": ""}, page=shown)


@REALMS
def test_a_passkey_is_made_and_signs_in(app: Flask, realm: Realm) -> None:
    person, here, key = person_of(realm), DOORS[realm][1], SoftKey()
    client, elsewhere = (Client(app).sign_in(person, realm) for _ in range(2))
    done = add(client, key, here)
    assert (done.status, done.h1) == (200, "Keep your recovery codes")
    assert (len(all_of(RecoveryCode)), all_of(PasskeyEnrolment)) == (10, [])
    assert (client.get(here).status, elsewhere.get(here).status) == (200, 303)
    assert "Laptop" in client.get(here).words
    (mail,) = mails("factor-changed")
    assert "A second step for the sign-in was added to your User ID anna" in mail.text_body
    (entry,) = [entry for entry in all_of(AuditEntry) if entry.action == "factor.added"]
    assert json.loads(entry.detail)["kind"] == "passkey"

    fresh = Client(app)
    shown = half_in(fresh, realm)
    assert shown.h1 == "Second step of the sign-in"
    assert finish(fresh, shown, key.use(options_on(shown)), realm).status == 303
    assert fresh.get(here).status == 200
    (row,) = all_of(Passkey)
    assert (row.sign_count, row.used_at is not None) == (1, True)


def test_a_second_factor_of_the_other_kind_brings_no_new_codes(app: Flask, anna: Person) -> None:
    codes = app_of(anna)
    client = Client(app).sign_in(anna)
    done = client.follow(add(client, SoftKey()))
    assert "The passkey is added." in done.words
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    assert second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, codes[0])


LIES: dict[str, Callable[[SoftKey, str], str]] = {
    "of another origin": lambda key, asked: _lying(key, origin="http://evil.example").use(asked),
    "for another site": lambda key, asked: key.use(json.dumps(json.loads(asked) | {"rpId": "evil.example"})),
    "without making sure who it is": lambda key, asked: _lying(key, flags=PRESENT).use(asked),
    "with nobody there": lambda key, asked: _lying(key, flags=VERIFIED).use(asked),
    "to another question": lambda key, asked: key.use(json.dumps(json.loads(asked) | {"challenge": "AAAA"})),
    "signed by another key": lambda key, asked: _with_id(SoftKey(), key).use(asked),
    "with an older counter": lambda key, asked: _with_count(key, -1).use(asked),
    "of a passkey nobody knows": lambda _, asked: SoftKey().use(asked),
    "that makes a passkey": lambda key, asked: key.make(json.dumps(json.loads(asked) | {"rp": {"id": "localhost"}})),
    "that is no answer": lambda *_: "{}",
    "that is no object": lambda *_: "[1]",
    "that is no text": lambda *_: "\x00\ud800",
    "that nests without end": lambda *_: "[" * 7000,
    "that is too long": lambda key, asked: key.use(asked).replace("{", "{" + " " * 9000, 1),
    "whose parts are no texts": lambda *_: '{"id": 1, "rawId": [], "type": {}, "response": 3}',
}


def _lying(key: SoftKey, **told: object) -> SoftKey:
    for name, value in told.items():
        setattr(key, name, value)
    return key


def _with_id(other: SoftKey, key: SoftKey) -> SoftKey:
    other.id = key.id
    return other


def _with_count(key: SoftKey, count: int) -> SoftKey:
    key.count = count
    return key


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_does_not_hold_opens_nothing(app: Flask, anna: Person, lie: str) -> None:
    key = SoftKey()
    key.count = 5
    passkey_of(anna, key)
    client = Client(app)
    shown = half_in(client)
    refused = finish(client, shown, LIES[lie](key, options_on(shown)).encode("utf-8", "replace").decode())
    assert (refused.status, "This passkey did not work." in refused.words) == (400, True), lie
    assert all_of(SignInSession) == []
    assert all_of(Passkey)[0].used_at is None


def test_the_answer_of_one_person_is_none_of_another(app: Flask, anna: Person) -> None:
    hers, his = SoftKey(), SoftKey()
    passkey_of(anna, hers)
    passkey_of(make.person("Ben", "ben"), his)
    client = Client(app)
    shown = half_in(client)
    assert finish(client, shown, his.use(options_on(shown))).status == 400


def test_an_answer_counts_once_and_for_its_own_sign_in(app: Flask, anna: Person) -> None:
    """Of an authenticator that does not count, as those do that are synced."""
    key = SoftKey(counts=False)
    passkey_of(anna, key)
    first, second = Client(app), Client(app)
    asked, other = half_in(first), half_in(second)
    said = key.use(options_on(asked))
    assert finish(second, other, said).status == 400
    assert finish(first, asked, said).status == 303
    third = Client(app)
    assert finish(third, half_in(third), said).status == 400
    assert len(all_of(SignInSession)) == 1


def test_an_answer_sent_twice_at_once_opens_one_session(app: Flask, anna: Person) -> None:
    key = SoftKey(counts=False)
    passkey_of(anna, key)
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    with db.reading():
        asked = second_step.passkey_to_use(Realm.PORTAL, waiting.value.token, SITE)
    answer, barrier, outcomes = Answer(key.use(asked), SITE), threading.Barrier(2), []

    def send() -> None:
        barrier.wait()
        try:
            outcomes.append(bool(second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, "", passkey=answer)))
        except (SignInOver, WrongPasskey):
            outcomes.append(False)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == [False, True]


def test_wrong_answers_close_the_door_as_wrong_codes_do(app: Flask, anna: Person) -> None:
    passkey_of(anna)
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    for _ in range(4):
        with pytest.raises(WrongPasskey):
            second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, "", passkey=Answer("{}", SITE))
    with pytest.raises(TooMany):
        second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, "", passkey=Answer("{}", SITE))


def test_what_was_made_elsewhere_is_not_kept(app: Flask, anna: Person) -> None:
    client = Client(app).sign_in(anna)
    shown = begin(client)
    for made in (SoftKey("http://evil.example").make(options_on(shown)), "", "{}"):
        refused = client.post("/security/passkeys/new", {"name": "Laptop", "passkey": made}, page=shown)
        assert (refused.status, "This passkey did not work." in refused.words) == (400, True)
    unverified = SoftKey(flags=PRESENT).make(options_on(shown))
    assert client.post("/security/passkeys/new", {"name": "L", "passkey": unverified}, page=shown).status == 400
    assert all_of(Passkey) == []
    assert service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)


def test_a_passkey_is_kept_once_and_only_by_the_session_that_asked(app: Flask, anna: Person) -> None:
    key, client, thief = SoftKey(), Client(app).sign_in(anna), Client(app).sign_in(anna)
    shown = begin(client)
    assert thief.get("/security/passkeys/new").status == 303
    sent = {"name": "Laptop", "passkey": key.make(options_on(shown))}
    assert client.post("/security/passkeys/new", sent, page=shown).status == 200
    again = client.post("/security/passkeys/new", sent, page=shown)
    assert "This has taken too long." in client.follow(again).words
    assert add(client, key).status == 400
    assert len(all_of(Passkey)) == 1


def test_one_of_several_is_removed_and_the_last_one_is_not(app: Flask, anna: Person) -> None:
    app_of(anna)
    kept, lost = passkey_of(anna, name="Laptop"), passkey_of(anna, name="Phone")
    client, elsewhere = Client(app).sign_in(anna), Client(app).sign_in(anna)
    shown = client.get("/security")
    done = client.follow(client.post(f"/security/passkeys/{lost}/remove", page=shown))
    assert "The passkey is removed." in done.words
    assert elsewhere.get("/security").status == 303
    done = client.follow(client.post("/security/authenticator/drop", page=shown))
    assert "The authenticator app is removed." in done.words
    told = [mail.text_body for mail in mails("factor-changed")]
    assert ["was removed from your User ID anna" in text for text in told] == [True, True]
    last = client.follow(client.post(f"/security/passkeys/{kept}/remove", page=shown))
    assert (last.h1, "This is your only second step." in last.words) == ("Remove two-step sign-in", True)
    assert ([row.public_id for row in all_of(Passkey)], all_of(AuthenticatorApp)) == ([kept], [])


def test_another_persons_passkey_does_not_exist(app: Flask, anna: Person) -> None:
    app_of(anna)
    theirs = passkey_of(make.contact(make.account(), make.person("Ben", "ben")))
    client = Client(app).sign_in(anna)
    for name in (theirs, "psk_nothing", "x" * 500):
        assert client.post(f"/security/passkeys/{name}/remove", page=client.get("/security")).status == 404
    assert len(all_of(Passkey)) == 1


def test_new_recovery_codes_void_the_former_ones(app: Flask, anna: Person) -> None:
    former = app_of(anna)
    client = Client(app).sign_in(anna)
    page = client.post("/security/recovery-codes", page=client.get("/security"))
    codes = [item.get_text() for item in page.html.select("#recovery-codes li")]
    assert (page.h1, len(set(codes) - set(former))) == ("Keep your recovery codes", 10)
    (mail,) = mails("factor-changed")
    assert "New recovery codes were made for your User ID anna" in mail.text_body
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    with pytest.raises(Exception, match="This code is not right"):
        second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, former[0])
    assert second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, codes[0])
    stranger = Client(app).sign_in(make.contact(make.account(), make.person("Ben", "ben")))
    assert stranger.post("/security/recovery-codes", page=stranger.get("/security")).status == 404


def test_a_host_of_numbers_offers_no_passkeys(app: Flask, anna: Person) -> None:
    client = Client(app).sign_in(anna)
    shown = client.get("/security")
    assert "Add a passkey" in shown.words
    client.browser.set_cookie("portal-session", client.browser.get_cookie("portal-session").value, domain="127.0.0.1")
    page = Page(client.browser.get("/security", base_url="http://127.0.0.1"))
    assert ("Add a passkey" in page.words, "Passkeys need an address with a name" in page.words) == (False, True)


def test_too_many_are_refused(app: Flask, anna: Person) -> None:
    for _ in range(10):
        passkey_of(anna)
    client = Client(app).sign_in(anna)
    assert "You have 10 passkeys already." in begin(client).words


def test_a_passkey_alone_counts_as_second_step_everywhere(app: Flask, anna: Person) -> None:
    passkey_of(anna)
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    with pytest.raises(Exception, match="This code is not right"):
        second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, "000000")
    other = replace(SITE, name="other.example")
    with pytest.raises(WrongPasskey):
        second_step.finish_sign_in(Realm.PORTAL, waiting.value.token, "", passkey=Answer("{}", other))
