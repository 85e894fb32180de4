"""Sessions as a browser meets them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask_login import current_user
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from billing_core import clock, db
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import begin_session
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.web import identity
from tests.billing_core.credentials.observing import statements
from tests.client import Client, Page
from tests.conftest import SECRET, Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def anna(database: Database) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


def sign_in(client: Client, path: str = "/sign-in", user_id: str = "anna", **extra: str) -> Page:
    return client.post(path, {"user_id": user_id, "password": make.PASSWORD, **extra})


def cookies(response: TestResponse) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in response.headers.getlist("Set-Cookie")}


def cookie(client: Client, name: str) -> str:
    found = client.browser.get_cookie(name)
    return found.value if found is not None else ""


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client, anna: Person) -> None:
    line = cookies(sign_in(client).response)["portal-session"]
    attributes = {part.strip() for part in line.split(";")[1:]}
    assert attributes == {"HttpOnly", "Path=/", "SameSite=Lax"}
    assert len(line.split(";")[0].partition("=")[2]) >= 43


def test_over_https_it_is_secure_and_pinned_to_the_host(settings: Settings, anna: Person) -> None:
    secure = Settings(
        data_dir=settings.data_dir,
        database_url=settings.database_url,
        secret_key=SECRET,
        public_url="https://localhost",
    )
    browser = create_app(secure).test_client()
    page = Page(browser.get("/sign-in", base_url="https://localhost"))
    data = {"user_id": "anna", "password": make.PASSWORD, "csrf_token": page.form()["csrf_token"]}
    headers = {"Referer": "https://localhost/sign-in"}
    response = browser.post("/sign-in", data=data, base_url="https://localhost", headers=headers)
    for name in ("__Host-portal-session", "__Host-device"):
        line = cookies(response)[name]
        assert "Secure" in line
        assert "Path=/" in line
        assert "Domain" not in line
    assert browser.get("/profile", base_url="https://localhost").status_code == 200


def test_a_token_planted_before_the_sign_in_opens_nothing_after_it(client: Client, anna: Person) -> None:
    planted = "planted-token-of-an-attacker"
    client.browser.set_cookie("portal-session", planted)
    sign_in(client)
    assert cookie(client, "portal-session") != planted
    thief = Client(client.app)
    thief.browser.set_cookie("portal-session", planted)
    assert thief.get("/profile").status == 303


def test_a_live_session_planted_in_the_browser_ends_with_the_sign_in(client: Client, anna: Person) -> None:
    mallory = make.contact(make.account(), make.person("Mallory", "mallory"))
    thief = Client(client.app).sign_in(mallory)
    client.browser.set_cookie("portal-session", cookie(thief, "portal-session"))
    client.browser.delete_cookie("portal-session")
    client.browser.set_cookie("portal-session", cookie(thief, "portal-session"))
    page = client.get("/sign-in")
    assert page.status == 303
    token = client.token(client.get("/password/reset"))
    client.post("/sign-in", {"user_id": "anna", "password": make.PASSWORD, "csrf_token": token})
    assert "Anna Schmidt" in client.get("/profile").words
    assert thief.get("/profile").status == 303


def test_signing_in_gives_a_new_csrf_token_and_empties_the_anonymous_session(client: Client, anna: Person) -> None:
    before = client.token(client.get("/sign-in"))
    with client.browser.session_transaction() as anonymous:
        anonymous["password-link"] = "planted"
        anonymous["language"] = "de"
    client.post("/sign-in", {"user_id": "anna", "password": make.PASSWORD, "csrf_token": before})
    with client.browser.session_transaction() as anonymous:
        assert "password-link" not in anonymous
        assert anonymous["language"] == "de"
    stale = client.browser.post("/sign-out", data={"csrf_token": before})
    assert stale.status_code == 400
    assert client.get("/profile").status == 200


def test_signing_out_kills_the_session_and_not_only_the_cookie(client: Client, anna: Person) -> None:
    sign_in(client)
    token = cookie(client, "portal-session")
    page = client.post("/sign-out", page=client.get("/profile"))
    assert page.location.endswith("/sign-in")
    assert cookie(client, "portal-session") == ""
    assert "You are signed out." in client.follow(page).words
    client.browser.set_cookie("portal-session", token)
    assert client.get("/profile").status == 303


def test_signing_out_without_a_session_is_harmless(client: Client, database: Database) -> None:
    assert client.post("/sign-out", page=client.get("/sign-in")).status == 303


def test_the_three_realms_are_apart_in_one_browser(client: Client, anna: Person) -> None:
    make.staff(user_id="rep")
    sign_in(client)
    sign_in(client, "/my-account/sign-in")
    sign_in(client, "/desk/sign-in", user_id="rep")
    assert len({cookie(client, f"{realm}-session") for realm in ("portal", "my", "desk")}) == 3
    client.post("/sign-out", page=client.get("/profile"))
    assert client.get("/profile").status == 303
    assert client.get("/my-account").status == 200
    client.browser.set_cookie("portal-session", cookie(client, "my-session"))
    assert client.get("/profile").status == 303


def test_an_idle_session_ends_and_a_used_one_lives_on(client: Client, anna: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        sign_in(client)
        for _ in range(4):
            moving.shift(timedelta(minutes=29))
            assert client.get("/profile").status == 200
        moving.shift(timedelta(minutes=30))
        page = client.get("/profile")
        assert page.status == 303
        assert page.location == "/sign-in?next=/profile"


def test_reading_marks_the_session_at_most_once_a_minute(client: Client, anna: Person) -> None:
    def seen_at() -> datetime:
        with db.reading() as session:
            return session.scalars(select(SignInSession.seen_at)).one()

    with time_machine.travel(NOON, tick=False) as moving:
        sign_in(client)
        moving.shift(timedelta(seconds=59))
        with statements() as ran:
            client.get("/profile")
        assert not [statement for statement in ran if statement.startswith(("UPDATE", "INSERT", "DELETE"))]
        assert seen_at() == NOON
        moving.shift(timedelta(seconds=1))
        with statements() as ran:
            client.get("/profile")
        assert len([statement for statement in ran if statement.startswith(("UPDATE", "INSERT", "DELETE"))]) == 1
        assert seen_at() == NOON + timedelta(seconds=60)


def test_a_removed_contact_is_refused_at_the_next_request(client: Client, anna: Person) -> None:
    sign_in(client)
    assert client.get("/profile").status == 200
    db.perform(_change_contact, anna.id, removed_at=clock.now())
    page = client.get("/profile")
    assert page.status == 303
    assert page.location.startswith("/sign-in")


def test_a_disabled_person_is_refused_at_the_next_request(client: Client, anna: Person) -> None:
    sign_in(client)
    db.perform(lambda: setattr(db.session().get_one(Person, anna.id), "disabled_at", clock.now()))
    assert client.get("/profile").status == 303


def test_staff_whose_role_ends_leave_the_desk_at_the_next_request(client: Client, database: Database) -> None:
    rep = make.staff(user_id="rep")
    client.sign_in(rep, Realm.DESK)
    assert client.get("/desk").status == 200
    db.perform(lambda: setattr(db.session().get_one(Person, rep.id), "staff_role", None))
    assert client.get("/desk").status == 303


def _change_contact(person_id: int, **values: object) -> None:
    contact = db.session().scalars(select(BillingContact).where(BillingContact.person_id == person_id)).one()
    for name, value in values.items():
        setattr(contact, name, value)


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "ä", "'; DROP TABLE person; --", "\x00"])
def test_nonsense_in_the_cookie_is_nobody(app: Flask, token: str) -> None:
    header = {"Cookie": f"portal-session={token}; device={token}"}
    response = app.test_client().get(
        "/profile", headers={k: v.encode("latin-1").decode("latin-1") for k, v in header.items()}
    )
    assert response.status_code == 303


def test_the_facts_of_a_decision_are_those_of_its_own_request(app: Flask, anna: Person) -> None:
    token = db.perform(begin_session, Realm.PORTAL, anna.id, "192.0.2.1", "browser of the sign-in")
    headers = {"Cookie": f"portal-session={token}", "User-Agent": "browser of the decision\x7f" + "x" * 999}
    with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "2001:db8::7"}):
        viewer = identity.load(Realm.PORTAL)
    assert viewer is not None
    assert viewer.facts.ip == "2001:db8::7"
    assert viewer.facts.user_agent.startswith("browser of the decisionx")
    assert len(viewer.facts.user_agent) == 256
    assert viewer.facts.signed_in_at is not None


def test_current_user_is_the_realm_and_the_person(app: Flask, anna: Person) -> None:
    token = db.perform(begin_session, Realm.PORTAL, anna.id)
    with app.test_request_context("/", headers={"Cookie": f"portal-session={token}"}):
        identity.load(Realm.PORTAL)
        assert current_user.get_id() == f"portal:{anna.public_id}"
        assert identity.viewer_in(Realm.MY) is None
    with app.test_request_context("/", headers={"Cookie": f"my-session={token}"}):
        assert identity.load(Realm.MY) is None
        assert not current_user.is_authenticated
        with pytest.raises(RuntimeError):
            identity.viewer()


def test_knowing_who_looks_takes_three_statements_whatever_the_number_of_accounts(app: Flask, anna: Person) -> None:
    for _ in range(5):
        make.contact(make.account(), anna)
    token = db.perform(begin_session, Realm.PORTAL, anna.id)
    with app.test_request_context("/", headers={"Cookie": f"portal-session={token}"}), statements() as ran:
        identity.load(Realm.PORTAL)
        assert len([statement for statement in ran if statement.startswith("SELECT")]) == 3
        identity.load(Realm.PORTAL)
        assert len([statement for statement in ran if statement.startswith("SELECT")]) == 3
