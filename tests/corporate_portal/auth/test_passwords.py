"""The three steps to a new password, as a browser takes them."""

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.credentials.models import Password, PasswordLink
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import mails, run_link_jobs, statements, token_in
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make

NEW = "seven new words for her"


@pytest.fixture
def anna(database: Database) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


def ask(client: Client, user_id: str = "anna", realm: str = "portal") -> Page:
    path = f"/password/reset?realm={realm}"
    page = client.get(path)
    return client.post(path, {"user_id": user_id}, page=page)


def link(client: Client, user_id: str = "anna", realm: str = "portal") -> str:
    ask(client, user_id, realm)
    run_link_jobs()
    return f"/password/reset/{token_in(mails()[-1])}?realm={realm}"


def choose(client: Client, password: str = NEW, again: str | None = None) -> Page:
    page = client.get("/password/new")
    return client.post("/password/new", {"password": password, "again": again or password}, page=page)


def test_the_reply_is_the_same_for_every_user_id(client: Client, anna: Person) -> None:
    replies, ran_for = set(), set()
    for user_id in ("anna", "nobody", anna.email):
        page = client.get("/password/reset")
        with statements() as ran:
            reply = client.post("/password/reset", {"user_id": user_id}, page=page)
        replies.add((reply.status, reply.location, tuple(name for name, _ in reply.response.headers), reply.text))
        ran_for.add(tuple(ran))
        assert client.follow(reply).h1 == "Look into your mailbox"
    assert len(replies) == 1
    assert len(ran_for) == 1


def test_the_whole_way(client: Client, anna: Person) -> None:
    page = client.get("/sign-in")
    way = page.html.find(lambda tag: tag.name == "a" and "Reset/Create your password" in tag.get_text())
    assert way is not None
    page = client.get(str(way["href"]))
    assert page.h1 == "Reset/Create your password"
    assert page.html.find(lambda tag: tag.name == "button" and tag.get_text(strip=True) == "Submit") is not None
    page = client.follow(client.post("/password/reset", page.form() | {"user_id": "Anna"}))
    assert "a link is on its way" in page.words
    run_link_jobs()
    (mail,) = mails()
    address = f"/password/reset/{token_in(mail)}?realm=portal"
    assert f"http://localhost{address}" in mail.text_body
    assert f"http://localhost{address}" in mail.html_body
    page = client.follow(client.get(address))
    assert page.h1 == "Choose a new password"
    assert "anna" in page.words
    page = client.post("/password/new", page.form() | {"password": NEW, "again": NEW})
    assert page.location == "/sign-in"
    page = client.follow(page)
    assert page.h1 == "Sign in"
    assert "Your new password is set." in page.words
    assert client.get("/profile").status == 303
    assert client.post("/sign-in", {"user_id": "anna", "password": NEW}).status == 303
    assert client.get("/profile").status == 200


def test_opening_the_link_five_times_uses_nothing_up(client: Client, anna: Person) -> None:
    address = link(client)
    for _ in range(5):
        scanner = Client(client.app)
        assert scanner.get(address).status == 303
        assert scanner.get(address, headers={"User-Agent": "mail scanner"}).status == 303
        assert scanner.get("/password/new").status == 200
    assert client.browser.head(address).status_code == 303
    client.get(address)
    assert choose(client).location == "/sign-in"


def test_the_token_leaves_the_address_at_once(client: Client, anna: Person) -> None:
    address = link(client)
    page = client.get(address)
    assert page.location == "/password/new"
    assert page.response.headers["Referrer-Policy"] == "no-referrer"
    assert page.response.headers["Cache-Control"] == "no-store"
    token = address.split("/")[-1].partition("?")[0]
    assert token not in page.text
    assert token not in client.follow(page).text
    assert token not in str(page.response.headers)


def test_opening_a_link_writes_nothing(client: Client, anna: Person) -> None:
    address = link(client)
    with statements() as ran:
        client.follow(client.get(address))
    assert not [statement for statement in ran if statement.startswith(("UPDATE", "INSERT", "DELETE"))]


@pytest.mark.parametrize("token", ["x", "0" * 64, "x" * 900, "%00", "%2e%2e", "ä", "'--"])
def test_a_link_that_nobody_sent_is_an_expired_one(client: Client, database: Database, token: str) -> None:
    assert client.get(f"/password/reset/{token}").status in (303, 404)
    assert client.get("/password/new").status == 410
    page = client.post("/password/new", {"password": NEW, "again": NEW}, page=client.get("/sign-in"))
    assert page.status == 410
    assert "Your password has not changed." in page.words


def test_a_used_link_and_an_older_link_do_not_work(client: Client, anna: Person) -> None:
    older, newer = link(client), link(client)
    assert client.follow(client.get(older)).status == 410
    client.get(newer)
    choose(client)
    assert client.get("/password/new").status == 410
    page = client.follow(client.get(newer))
    assert page.status == 410
    assert page.h1 == "This link does not work any more"
    assert client.get(str(page.html.select_one("main a.btn")["href"])).h1 == "Reset/Create your password"


def test_two_tabs_with_one_link_set_one_password(client: Client, anna: Person) -> None:
    address = link(client)
    tabs = [client, Client(client.app)]
    pages = [tab.follow(tab.get(address)) for tab in tabs]
    first = tabs[0].post("/password/new", {"password": NEW, "again": NEW}, page=pages[0])
    second = tabs[1].post(
        "/password/new", {"password": "other words than hers", "again": "other words than hers"}, page=pages[1]
    )
    assert (first.status, second.status) == (303, 410)
    assert client.post("/sign-in", {"user_id": "anna", "password": NEW}).status == 303


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("", "", "Enter a new password."),
        (NEW, "", "Enter the new password a second time."),
        (NEW, NEW + "x", "The two passwords are not the same."),
        ("short", "short", "Use at least 15 characters."),
        ("x" * 14, "x" * 14, "Use at least 15 characters."),
        ("ab cd ef gh " * 11, "ab cd ef gh " * 11, "Use at most 128 characters."),
        ("\U0001f600" * 300, "\U0001f600" * 300, "Use at most 128 characters."),
        ("anna.schmidt 2026", "anna.schmidt 2026", "This password is easy to guess."),
        ("Northgate Northgate", "Northgate Northgate", "This password is easy to guess."),
        ("passwordpassword", "passwordpassword", "This password is easy to guess."),
    ],
)
def test_a_bad_choice_is_said_beside_the_field_and_uses_nothing_up(
    client: Client, anna: Person, password: str, again: str, sentence: str
) -> None:
    client.get(link(client))
    page = client.post("/password/new", {"password": password, "again": again}, page=client.get("/password/new"))
    assert page.status == 400
    assert sentence in page.words
    assert page.html.select_one("[aria-invalid=true]") is not None
    assert client.post("/sign-in", {"user_id": "anna", "password": make.PASSWORD}).status == 303
    with db.reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(PasswordLink).where(PasswordLink.used_at.is_not(None))) == 0
        )


def test_a_new_password_signs_out_everywhere(client: Client, anna: Person) -> None:
    elsewhere, my = Client(client.app).sign_in(anna), Client(client.app).sign_in(anna, Realm.MY)
    client.get(link(client))
    choose(client)
    assert elsewhere.get("/profile").status == 303
    assert my.get("/my-account").status == 303
    (notice,) = mails("password-changed")
    assert notice.recipient == anna.email
    assert NEW not in notice.text_body


def test_without_the_csrf_token_nothing_changes(client: Client, anna: Person) -> None:
    client.get(link(client))
    response = client.browser.post("/password/new", data={"password": NEW, "again": NEW})
    assert response.status_code == 400
    assert choose(client).status == 303


@pytest.mark.parametrize(
    ("realm", "door"),
    [("portal", "/sign-in"), ("my", "/my-account/sign-in"), ("nonsense", "/sign-in"), ("desk", "/sign-in")],
)
def test_it_leads_back_to_the_door_one_came_from_if_that_opens(
    client: Client, anna: Person, realm: str, door: str
) -> None:
    client.get(link(client, realm=realm))
    assert choose(client).location == door


def test_staff_and_members_use_the_same_way(client: Client, database: Database) -> None:
    make.staff(user_id="rep")
    make.member(make.account(), make.person(user_id="member", password=None))
    for user_id, door in (("rep", "/desk/sign-in"), ("member", "/my-account/sign-in")):
        client.get(link(client, user_id))
        assert choose(client).location == door
        assert client.post(door, {"user_id": user_id, "password": NEW}).status == 303


def test_the_first_password_is_created_in_the_same_way(client: Client, database: Database) -> None:
    neu = make.contact(make.account(), make.person("Jörg", "jörg", password=None, locale="de"))
    client.get(link(client, "JÖRG"))
    (mail,) = mails()
    assert mail.subject == "Kennwort erstellen"
    page = client.get("/password/new")
    assert page.h1 == "Create your password"
    assert choose(client).status == 303
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Password).where(Password.person_id == neu.id)) == 1


@pytest.mark.parametrize("user_id", ["", "  ", "x" * 255, "an\x00na", "a\nb"])
def test_a_bad_user_id_is_said_beside_the_field(client: Client, database: Database, user_id: str) -> None:
    page = ask(client, user_id)
    if page.status == 303:  # a line break at the edge or inside is no User ID that anybody has
        assert mails() == []
        return
    assert page.status == 400
    assert page.html.select_one("[aria-invalid=true]") is not None


def test_the_host_of_the_request_never_gets_into_the_mail(client: Client, anna: Person) -> None:
    page = client.get("/password/reset")
    data = {"user_id": "anna", "csrf_token": client.token(page)}
    response = client.browser.post("/password/reset", data=data, headers={"Host": "evil.example"})
    assert response.status_code == 400
    client.post("/password/reset", {"user_id": "anna"}, page=page, headers={"X-Forwarded-Host": "evil.example"})
    run_link_jobs()
    assert [mail for mail in mails() if "evil.example" in mail.text_body + mail.html_body] == []
    assert len(mails()) == 1


def test_too_many_requests_from_one_address_are_said(client: Client, database: Database) -> None:
    outcomes = [ask(client, f"somebody{n}").status for n in range(21)]
    assert outcomes == [303] * 20 + [429]
