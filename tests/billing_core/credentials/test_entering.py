"""Coming in and going out stand in the trail, and a new browser is told of by mail."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.credentials import service, sessions
from billing_core.credentials.factors.second_step import finish_sign_in
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import mails
from tests.client import Client
from tests.factories import core as make
from tests.factories.factors import app_of, code

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def anna(app: Flask) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


def trail() -> list[tuple[str, str, str]]:
    """Who did what to whose session, in the order of the trail."""
    with db.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("session.%")).order_by(AuditEntry.id))
        return [(row.actor, row.action, json.loads(row.detail).get("way", "")) for row in rows]


def enters(device: str = "", user_agent: str = "") -> str:
    """Sign in with the password; the mark that the browser has then."""
    token = service.sign_in(
        Realm.PORTAL, "anna", make.PASSWORD, ip="192.0.2.77", user_agent=user_agent, device=device
    )  # fmt: skip
    return sessions.hash_of(token)


def test_sign_in_and_sign_out_stand_in_the_trail(app: Flask, anna: Person) -> None:
    client, me = Client(app), f"portal:{anna.public_id}"
    for shown in ("/sign-in", "/quotes"):  # the second one replaces the first
        client.post("/sign-in", {"user_id": "anna", "password": make.PASSWORD}, page=client.get(shown))
    begun = (me, "session.begun", "password")
    ended = (me, "session.ended", "")
    assert trail() == [begun, ended, begun]
    client.post("/sign-out", page=client.get("/quotes"))
    client.post("/sign-out", page=client.get("/sign-in"))
    assert trail()[3:] == [ended]


def test_a_failure_leaves_no_entry(anna: Person) -> None:
    with pytest.raises(service.SignInFailed):
        service.sign_in(Realm.PORTAL, "anna", "wrong but long enough")
    assert trail() == []


def test_the_second_step_says_what_was_shown(anna: Person) -> None:
    codes = app_of(anna)
    for shown in (code(), codes[0]):
        with pytest.raises(service.FactorNeeded) as waiting:
            enters()
        finish_sign_in(Realm.PORTAL, waiting.value.token, shown)
    assert [way for _, _, way in trail()] == ["app", "recovery code"]


def test_a_browser_that_is_new_is_told_of(anna: Person) -> None:
    known = enters()
    assert mails("new-browser") == []  # the first one of all
    known = enters(known)
    assert mails("new-browser") == []
    enters("", FIREFOX)
    (mail,) = mails("new-browser")
    assert (mail.recipient, "anna on" in mail.text_body) == (anna.email, True)
    assert "Firefox, Linux, 192.0.2.…" in mail.text_body
    enters(known)
    assert len(mails("new-browser")) == 1


def test_the_mark_of_somebody_else_is_a_new_browser(anna: Person) -> None:
    enters()
    make.contact(make.account(), make.person("Ben Weber", "ben"))
    of_ben = sessions.hash_of(service.sign_in(Realm.PORTAL, "ben", make.PASSWORD))
    enters(of_ben)
    assert len(mails("new-browser")) == 1


def test_after_the_second_step_too(anna: Person) -> None:
    codes = app_of(anna)
    marks = []
    for shown in codes[:3]:
        with pytest.raises(service.FactorNeeded) as waiting:
            enters()
        device = marks[-1] if len(marks) == 1 else ""
        marks.append(sessions.hash_of(finish_sign_in(Realm.PORTAL, waiting.value.token, shown, device=device)))
    assert len(mails("new-browser")) == 1
