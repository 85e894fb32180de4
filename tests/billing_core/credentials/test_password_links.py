"""Creating and resetting a password by a mailed link."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials import service, sessions
from billing_core.credentials.models import PasswordLink, SignInSession, Throttle
from billing_core.credentials.strength import TooEasy
from billing_core.errors import TooMany
from billing_core.jobs import Job
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import (
    ask_for_link,
    mails,
    realm_in,
    run_link_jobs,
    statements,
    token_in,
)
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEW = "seven new words for her"


def contact(user_id: str = "anna.schmidt", **changes: object) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", user_id, **changes))


def ask(user_id: str, ip: str = "192.0.2.1") -> None:
    db.perform(service.request_password_link, user_id, Realm.PORTAL, ip)


def test_asking_runs_the_same_statements_and_writes_the_same_rows_for_everybody(database: Database) -> None:
    contact()
    disabled = contact("disabled")
    db.perform(lambda: setattr(db.session().get_one(Person, disabled.id), "disabled_at", clock.now()))
    ran_for = []
    for user_id in ("anna.schmidt", "nobody", "disabled", "\x00", "x" * 9999):
        with statements() as ran:
            ask(user_id)
        ran_for.append(tuple(ran))
    assert len(set(ran_for)) == 1
    with db.reading() as session:
        assert len(session.scalars(select(Job).where(Job.kind == service.SEND_LINK)).all()) == 5
    run_link_jobs()
    assert [mail.recipient_name for mail in mails()] == ["Anna Schmidt"]


def test_the_mail_goes_to_the_stored_address_in_the_persons_language(database: Database) -> None:
    anna = contact(email="anna@stored.example", locale="de")
    ask_for_link("ANNA.schmidt")
    (mail,) = mails()
    assert (mail.recipient, mail.locale, mail.subject) == ("anna@stored.example", "de", "Kennwort zurücksetzen")
    assert "anna.schmidt" in mail.text_body
    assert "30 Minuten" in mail.text_body
    assert "30 Minuten" in mail.html_body
    assert anna.email == mail.recipient


def test_the_first_password_has_a_day(database: Database) -> None:
    contact(password=None)
    with time_machine.travel(NOON, tick=False) as moving:
        token = ask_for_link("anna.schmidt")
        assert mails()[0].subject == "Create your password"
        assert "24 hours" in mails()[0].text_body
        moving.shift(timedelta(hours=23, minutes=59))
        assert service.set_password(sessions.hash_of(token), NEW) is Realm.PORTAL
        service.sign_in(Realm.PORTAL, "anna.schmidt", NEW)


def test_a_reset_has_half_an_hour(database: Database) -> None:
    contact()
    with time_machine.travel(NOON, tick=False) as moving:
        token = ask_for_link("anna.schmidt")
        moving.shift(timedelta(minutes=30))
        with pytest.raises(service.LinkExpired):
            service.set_password(sessions.hash_of(token), NEW)
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)


def test_looking_uses_nothing_up_and_setting_does(database: Database) -> None:
    contact()
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    for _ in range(5):
        with db.reading():
            assert service.owner_of(digest).user_id == "anna.schmidt"
    service.set_password(digest, NEW)
    with pytest.raises(service.LinkExpired):
        service.set_password(digest, "some other words than those")
    service.sign_in(Realm.PORTAL, "anna.schmidt", NEW)
    with pytest.raises(service.SignInFailed):
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)


def test_a_newer_link_voids_the_older_one(database: Database) -> None:
    contact()
    older, newer = ask_for_link("anna.schmidt"), ask_for_link("anna.schmidt")
    with pytest.raises(service.LinkExpired):
        service.set_password(sessions.hash_of(older), NEW)
    service.set_password(sessions.hash_of(newer), NEW)


@pytest.mark.parametrize("digest", ["", "x", "0" * 64])
def test_a_token_that_nobody_sent_is_an_expired_link(database: Database, digest: str) -> None:
    with pytest.raises(service.LinkExpired):
        service.set_password(digest, NEW)


def test_a_refused_password_leaves_the_link_unused(database: Database) -> None:
    contact()
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    with pytest.raises(TooEasy):
        service.set_password(digest, "anna.schmidt 2026")
    service.set_password(digest, NEW)


def test_one_of_many_who_use_a_link_at_once_wins(database: Database) -> None:
    contact()
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    start, lock, outcomes = threading.Barrier(12), threading.Lock(), []

    def use(n: int) -> None:
        start.wait()
        try:
            service.set_password(digest, f"{NEW} number {n}")
            outcome = n
        except service.LinkExpired:
            outcome = -1
        with lock:
            outcomes.append(outcome)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (n for n in outcomes if n >= 0)
    service.sign_in(Realm.PORTAL, "anna.schmidt", f"{NEW} number {winner}")
    assert len(mails("password-changed")) == 1


def test_a_new_password_ends_every_session_in_every_realm_tells_the_person_and_lifts_the_throttle(
    database: Database,
) -> None:
    anna = contact()
    tokens = {realm: db.perform(sessions.begin_session, realm, anna.id) for realm in (Realm.PORTAL, Realm.MY)}
    for _ in range(5):
        with pytest.raises(service.SignInFailed):
            service.sign_in(Realm.PORTAL, "anna.schmidt", "not hers, but long enough")
    with pytest.raises(TooMany):
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    service.set_password(digest, NEW)
    with db.reading() as session:
        for realm, token in tokens.items():
            assert sessions.live_session(realm, token) is None
        assert session.scalars(select(SignInSession).where(SignInSession.ended_at.is_(None))).all() == []
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "password.changed"))
        assert entry.subject == anna.public_id
    (notice,) = mails("password-changed")
    assert notice.recipient == anna.email
    service.sign_in(Realm.PORTAL, "anna.schmidt", NEW)


def test_no_token_is_stored_but_in_the_mail(database: Database) -> None:
    contact()
    token = ask_for_link("anna.schmidt")
    with db.reading() as session:
        (digest,) = session.scalars(select(PasswordLink.token_hash))
        payloads = [job.payload for job in session.scalars(select(Job))]
    assert digest == sessions.hash_of(token)
    assert not [payload for payload in payloads if token in payload]
    assert len(token) >= 43


def test_more_than_three_an_hour_are_dropped_in_silence(database: Database) -> None:
    contact()
    with time_machine.travel(NOON, tick=False) as moving:
        for typed in ("anna.schmidt", "ANNA.SCHMIDT", " anna.schmidt", "anna.schmidt", "\uff41nna.schmidt"):
            ask(typed)
        run_link_jobs()
        assert len(mails()) == 3
        moving.shift(timedelta(hours=1))
        ask("anna.schmidt")
        run_link_jobs()
        assert len(mails()) == 4


def test_more_than_ten_a_day_are_dropped_too(database: Database) -> None:
    contact()
    with time_machine.travel(NOON, tick=False) as moving:
        for _ in range(5):
            for _ in range(3):
                ask("anna.schmidt")
            run_link_jobs()
            moving.shift(timedelta(hours=1))
        assert len(mails()) == 10
        moving.shift(timedelta(hours=19))
        ask("anna.schmidt")
        run_link_jobs()
        assert len(mails()) == 11


def test_twenty_an_hour_from_one_address(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        for n in range(20):
            ask(f"person{n}")
        with pytest.raises(TooMany):
            ask("person20")
        ask("person20", ip="192.0.2.2")
        moving.shift(timedelta(hours=1))
        ask("person20")


@pytest.mark.parametrize(
    ("kind", "wanted", "realm"),
    [
        ("contact", Realm.PORTAL, Realm.PORTAL),
        ("contact", Realm.MY, Realm.MY),
        ("contact", Realm.DESK, Realm.PORTAL),
        ("member", Realm.PORTAL, Realm.MY),
        ("member", Realm.MY, Realm.MY),
        ("online", Realm.PORTAL, Realm.MY),
        ("staff", Realm.PORTAL, Realm.DESK),
        ("staff", Realm.DESK, Realm.DESK),
    ],
)
def test_everybody_ends_at_a_door_that_opens(database: Database, kind: str, wanted: Realm, realm: Realm) -> None:
    people = {
        "contact": lambda: make.contact(make.account(), make.person(user_id="who")),
        "member": lambda: make.member(make.account(), make.person(user_id="who")),
        "online": lambda: make.contact(make.account(kind="online"), make.person(user_id="who")),
        "staff": lambda: make.staff(user_id="who"),
    }
    people[kind]()
    token = ask_for_link("who", realm=wanted)
    assert realm_in(mails()[0]) == realm.value
    assert service.set_password(sessions.hash_of(token), NEW, wanted) is realm
    service.sign_in(realm, "who", NEW)


def test_a_person_disabled_meanwhile_cannot_use_the_link(database: Database) -> None:
    anna = contact()
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    db.perform(lambda: setattr(db.session().get_one(Person, anna.id), "disabled_at", clock.now()))
    with pytest.raises(service.LinkExpired):
        service.set_password(digest, NEW)
    assert mails("password-changed") == []


def test_what_is_old_is_forgotten_and_what_is_live_stays(database: Database) -> None:
    anna = contact()
    with time_machine.travel(NOON, tick=False) as moving:
        db.perform(sessions.begin_session, Realm.PORTAL, anna.id)
        ask_for_link("anna.schmidt")
        moving.shift(timedelta(days=91))
        live = ask_for_link("anna.schmidt")
        service.tidy()
        with db.reading() as session:
            assert session.scalars(select(SignInSession)).all() == []
            (link,) = session.scalars(select(PasswordLink))
            assert link.token_hash == sessions.hash_of(live)
            assert len(session.scalars(select(Throttle)).all()) == 3


def test_a_link_mailed_twice_works_by_its_newer_mail(database: Database) -> None:
    anna = contact()
    for _ in range(2):
        service.send_password_link(anna.id, "portal")
    first, second = (token_in(mail) for mail in mails())
    with pytest.raises(service.LinkExpired):
        service.set_password(sessions.hash_of(first), NEW)
    service.set_password(sessions.hash_of(second), NEW)
