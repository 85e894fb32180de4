"""The page "Security" in all three realms: what a person sees of their sessions, and how they end them."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials import own_sessions
from billing_core.credentials.models import SignInSession
from billing_core.credentials.own_sessions import SessionEnded, end_other_sessions, name_of
from billing_core.credentials.sessions import LIMITS
from billing_core.people import Person
from billing_core.permissions import Realm, SessionFacts, Viewer
from tests.client import Client
from tests.factories import core as make

PAGES = {Realm.PORTAL: "/security", Realm.MY: "/my-account/security", Realm.DESK: "/desk/security"}
REALMS = pytest.mark.parametrize("realm", list(Realm))


def person_of(realm: Realm) -> Person:
    return make.staff() if realm is Realm.DESK else make.contact(make.account())


def rows_of(person: Person) -> list[SignInSession]:
    mine = select(SignInSession).where(SignInSession.person_id == person.id)
    with db.reading() as session:
        return list(session.scalars(mine.order_by(SignInSession.id)))


def live(person: Person) -> int:
    return sum(row.ended_at is None for row in rows_of(person))


def audited(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


@REALMS
def test_a_session_elsewhere_is_shown_and_ended(app: Flask, realm: Realm) -> None:
    person = person_of(realm)
    here, there = (Client(app).sign_in(person, realm) for _ in range(2))
    page = here.get(PAGES[realm])
    assert page.words.count("This session") == 1
    assert len(page.html.select("tbody tr")) == 2
    assert "127.0.0.…" in page.words
    assert "127.0.0.1" not in page.words
    done = here.follow(here.post(f"{PAGES[realm]}/sessions/{name_of(rows_of(person)[1])}/end", page.form("/end")))
    assert "The session has ended." in done.words
    assert (there.get(PAGES[realm]).status, here.get(PAGES[realm]).status) == (303, 200)
    (entry,) = audited("session.ended")
    assert (entry.actor, entry.subject) == (f"{realm}:{person.public_id}", name_of(rows_of(person)[1]))


@REALMS
def test_all_others_are_ended_at_once(app: Flask, realm: Realm) -> None:
    person = person_of(realm)
    here, *there = (Client(app).sign_in(person, realm) for _ in range(3))
    done = here.follow(here.post(f"{PAGES[realm]}/sessions/end-others"))
    assert "You are signed in only here now." in done.words
    assert [client.get(PAGES[realm]).status for client in (here, *there)] == [200, 303, 303]
    (entry,) = audited("sessions.ended")
    assert entry.detail == b'{"count":2}'


def test_a_person_sees_the_sessions_of_all_realms_and_the_browser_in_words(app: Flask) -> None:
    person = make.contact(make.account())
    here, _ = Client(app).sign_in(person), Client(app).sign_in(person, Realm.MY)
    agent = {"user_agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "ip": "2001:db8::7"}
    newest = SignInSession.id == rows_of(person)[1].id
    db.perform(lambda: db.session().execute(update(SignInSession).where(newest).values(**agent)))
    words = here.get("/security").words
    assert "Firefox on Windows" in words
    assert "My Account" in words
    assert "2001:db8:0:…" in words


def test_sessions_that_are_over_are_not_shown(app: Flask) -> None:
    person = make.contact(make.account())
    here, _, _ = (Client(app).sign_in(person) for _ in range(3))
    now = clock.real_now()
    _, idle, ended = rows_of(person)

    def let_pass() -> None:
        for row, over in ((idle, {"seen_at": now - LIMITS[Realm.PORTAL].idle}), (ended, {"ended_at": now})):
            db.session().execute(update(SignInSession).where(SignInSession.id == row.id).values(**over))

    db.perform(let_pass)
    page = here.get("/security")
    assert len(page.html.select("tbody tr")) == 1
    assert "End all others" not in page.words


def test_a_session_of_somebody_else_does_not_exist(app: Flask) -> None:
    anna, mallory = (make.contact(make.account()) for _ in range(2))
    own, thief = Client(app).sign_in(anna), Client(app).sign_in(mallory)
    for name in (name_of(rows_of(anna)[0]), "ses_unknown", str(rows_of(anna)[0].id)):
        page = thief.post(f"/security/sessions/{name}/end", page=thief.get("/security"))
        assert page.status == 404
    thief.post("/security/sessions/end-others", page=thief.get("/security"))
    assert own.get("/security").status == 200
    assert not audited("session.ended")


def test_ending_a_session_twice_is_harmless_and_told_once(app: Flask) -> None:
    person = make.contact(make.account())
    here, _ = Client(app).sign_in(person), Client(app).sign_in(person)
    path = f"/security/sessions/{name_of(rows_of(person)[1])}/end"
    for _ in range(2):
        assert here.post(path, page=here.get("/security")).status == 303
    assert len(audited("session.ended")) == 1


def test_the_name_of_a_session_is_neither_its_token_nor_the_mark_of_its_browser(app: Flask) -> None:
    person = make.contact(make.account())
    client = Client(app).sign_in(person)
    text = client.get("/security").text
    assert rows_of(person)[0].token_hash[:16] not in text


def test_sessions_that_end_each_other_at_once_leave_one(app: Flask) -> None:
    person = make.contact(make.account())
    for _ in range(4):
        Client(app).sign_in(person)
    outcomes: list[object] = []
    barrier = threading.Barrier(4)

    def end_others(viewer: Viewer) -> None:
        barrier.wait()
        try:
            outcomes.append(db.perform(end_other_sessions, viewer))
        except SessionEnded as refusal:
            outcomes.append(type(refusal))

    me = make.viewer(person)
    viewers = [replace(me, facts=SessionFacts(session_id=row.id)) for row in rows_of(person)]
    threads = [threading.Thread(target=end_others, args=(viewer,)) for viewer in viewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(str, outcomes)) == ["3", *[str(SessionEnded)] * 3]
    assert live(person) == 1


def test_times_of_the_list_are_those_of_the_real_clock(app: Flask) -> None:
    person = make.contact(make.account())
    Client(app).sign_in(person)
    me = replace(make.viewer(person), facts=SessionFacts(session_id=rows_of(person)[0].id))
    with db.reading():
        (shown,) = own_sessions.own_sessions(me)
    assert clock.real_now() - shown.since < timedelta(minutes=1)
