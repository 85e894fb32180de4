"""What the warning before the end of a session asks for."""

from datetime import UTC, datetime, timedelta

import time_machine

from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def anna() -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


def told(client: Client, token: str | None = None, realm: str = "portal") -> tuple[int, str]:
    """Seconds and person: asked for, or with the token of a form prolonged."""
    path = f"/session/{realm}/{'rest' if token is None else 'stay'}"
    answer = client.browser.get(path) if token is None else client.browser.post(path, data={"csrf_token": token})
    assert answer.status_code == 200, answer.status_code
    assert answer.json
    return answer.json["seconds"], answer.json["person"]


def test_asking_prolongs_nothing_and_staying_does(client: Client, database: Database) -> None:
    who = anna()
    with time_machine.travel(NOON, tick=False) as clocks:
        page = client.sign_in(who).get("/quotes")
        assert 'data-seconds="1800"' in page.text
        clocks.shift(timedelta(minutes=29))
        assert told(client) == told(client) == (60, who.public_id)
        assert told(client, client.token(page)) == (1800, who.public_id)
        assert told(client) == (1800, who.public_id)
        clocks.shift(timedelta(minutes=30))
        assert told(client) == told(client, client.token(page)) == (0, "")


def test_a_page_that_uses_the_session_says_how_long_it_lives_then(client: Client, database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clocks:
        client.sign_in(anna())
        clocks.shift(timedelta(minutes=20))
        assert 'data-seconds="1800"' in client.get("/quotes").text


def test_nothing_prolongs_the_absolute_limit(client: Client, database: Database) -> None:
    rep = make.staff()
    with time_machine.travel(NOON, tick=False) as clocks:
        token = client.token(client.sign_in(rep, Realm.DESK).get("/desk"))
        for _ in range(47):
            clocks.shift(timedelta(minutes=10))
            told(client, token, "desk")
        assert told(client, token, "desk") == (600, rep.public_id)
        clocks.shift(timedelta(minutes=9))
        assert told(client, token, "desk") == (60, rep.public_id)


def test_a_page_that_outlived_its_session_gets_the_token_that_counts_now(client: Client, database: Database) -> None:
    who = anna()
    typed = client.token(client.sign_in(who).get("/quotes"))
    client.browser.delete_cookie("portal-session")
    client.post("/sign-in", {"user_id": "anna", "password": make.PASSWORD})
    answer = client.browser.get("/session/portal/rest").json
    assert answer
    assert answer["person"] == who.public_id
    refused, taken = (client.browser.post("/language", data={"csrf_token": one, "language": "de"}).status_code
                      for one in (typed, answer["token"]))  # fmt: skip
    assert (refused, taken) == (400, 303)


def test_it_is_about_one_of_the_three_realms(client: Client, database: Database) -> None:
    client.sign_in(anna())
    assert told(client, realm="my") == (0, "")
    assert client.browser.get("/session/elsewhere/rest").status_code == 404
    assert client.browser.post("/session/portal/stay").status_code == 400
