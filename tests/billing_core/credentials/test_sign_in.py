"""Signing in by verbs: who gets in where, what a failure tells, and how throttles end."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from billing_core import clock, db
from billing_core.credentials import hashing, service, sessions, throttles
from billing_core.credentials.models import Password, SignInSession, Throttle
from billing_core.errors import TooMany
from billing_core.people import BillingContact, LoginIdentifier, Person, canonical_identifier
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import ask_for_link, statements
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def opened(realm: Realm, token: str) -> Person | None:
    with db.reading() as reading:
        session = sessions.live_session(realm, token)
        reading.expunge_all()
        return session.person if session is not None else None


def contact(user_id: str = "anna.schmidt", **changes: object) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", user_id, **changes))


def change(row: type, key: object, **values: object) -> None:
    def write() -> None:
        found = db.session().get_one(row, key)
        for name, value in values.items():
            setattr(found, name, value)

    db.perform(write)


def remove_contact(who: Person) -> None:
    def write() -> None:
        mine = select(BillingContact).where(BillingContact.person_id == who.id)
        db.session().scalars(mine).one().removed_at = clock.now()

    db.perform(write)


@pytest.mark.parametrize(
    "typed",
    ["anna.schmidt", "ANNA.Schmidt", "  anna.schmidt ", "\uff41\uff4e\uff4e\uff41.schmidt", "anna.\u017fchmidt"],
)
def test_case_and_unicode_form_of_the_user_id_do_not_matter(database: Database, typed: str) -> None:
    anna = contact()
    found = opened(Realm.PORTAL, service.sign_in(Realm.PORTAL, typed, make.PASSWORD))
    assert found is not None
    assert found.id == anna.id


def test_username_and_mail_address_lead_to_the_same_person(database: Database) -> None:
    anna = contact()
    make.add(
        LoginIdentifier(
            canonical=canonical_identifier("Anna@Bücher.example"), shown="Anna@Bücher.example", person_id=anna.id
        )
    )
    for typed in ("anna@bücher.example", "ANNA@xn--bcher-kva.example", "anna.schmidt"):
        assert opened(Realm.PORTAL, service.sign_in(Realm.PORTAL, typed, make.PASSWORD)) is not None


@pytest.mark.parametrize(
    "other", ["ANNA.SCHMIDT", "\uff41\uff4e\uff4e\uff41.schmidt", "anna.\u017fchmidt", " anna.schmidt"]
)
def test_an_identifier_belongs_to_one_person_in_all_its_forms(database: Database, other: str) -> None:
    contact()
    berta = make.person("Berta")
    with pytest.raises(IntegrityError):
        make.add(LoginIdentifier(canonical=canonical_identifier(other), shown=other, person_id=berta.id))


def test_two_people_who_take_one_identifier_at_once(database: Database) -> None:
    people = [make.person(), make.person()]
    start, won = threading.Barrier(2), []

    def take(who: Person) -> None:
        start.wait()
        if db.perform(db.add_if_absent, LoginIdentifier, canonical="same", shown="Same", person_id=who.id):
            won.append(who.id)

    threads = [threading.Thread(target=take, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def disabled() -> str:
    anna = contact()
    change(Person, anna.id, disabled_at=clock.now())
    return "anna.schmidt"


def removed() -> str:
    remove_contact(contact())
    return "anna.schmidt"


def of_an_online_account() -> str:
    make.contact(make.account(kind="online"), make.person(user_id="online"))
    return "online"


def only_a_member() -> str:
    make.member(make.account(), make.person(user_id="member"), is_admin=True)
    return "member"


def of_the_staff() -> str:
    make.staff(user_id="rep")
    return "rep"


def without_password() -> str:
    contact(password=None)
    return "anna.schmidt"


CAUSES: dict[str, tuple[Callable[[], str], str]] = {
    "nobody has this User ID": (lambda: "nobody", make.PASSWORD),
    "wrong password": (lambda: contact() and "anna.schmidt", "another password than hers"),
    "too long a password": (lambda: contact() and "anna.schmidt", "x" * 5000),
    "no password yet": (without_password, make.PASSWORD),
    "disabled": (disabled, make.PASSWORD),
    "no longer a contact": (removed, make.PASSWORD),
    "contact of an online account": (of_an_online_account, make.PASSWORD),
    "member but no contact": (only_a_member, make.PASSWORD),
    "staff": (of_the_staff, make.PASSWORD),
    "not even a User ID": (lambda: "\x00\ud800" + "x" * 5000, make.PASSWORD),
}


def test_every_cause_gives_one_refusal_and_runs_the_same_statements(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = 0
    verify = hashing.Hashing.verify

    def counted(self: hashing.Hashing, stored: str | None, password: str) -> bool:
        nonlocal hashes
        hashes += 1
        return verify(self, stored, password)

    monkeypatch.setattr(hashing.Hashing, "verify", counted)
    seen = {}
    for name, (prepare, password) in CAUSES.items():
        user_id = prepare()
        with statements() as ran, pytest.raises(service.SignInFailed) as refused:
            service.sign_in(Realm.PORTAL, user_id, password, ip="192.0.2.1")
        seen[name] = (str(refused.value), refused.value.status, type(refused.value), tuple(ran), hashes)
        hashes = 0
        _begin_anew()
    assert len(set(seen.values())) == 1, seen


def _begin_anew() -> None:
    def write() -> None:
        db.session().execute(delete(LoginIdentifier))
        db.session().execute(delete(Throttle))

    db.perform(write)


@pytest.mark.parametrize(
    ("realm", "welcome"),
    [(Realm.PORTAL, {"contact"}), (Realm.MY, {"contact", "online", "member", "stranger"}), (Realm.DESK, {"rep"})],
)
def test_each_realm_lets_in_its_own_people(database: Database, realm: Realm, welcome: set[str]) -> None:
    make.contact(make.account(), make.person(user_id="contact"))
    make.contact(make.account(kind="online"), make.person(user_id="online"))
    make.member(make.account(), make.person(user_id="member"))
    make.person(user_id="stranger")
    make.staff(user_id="rep")
    let_in = set()
    for user_id in ("contact", "online", "member", "stranger", "rep"):
        try:
            service.sign_in(realm, user_id, make.PASSWORD)
        except service.SignInFailed:
            continue
        let_in.add(user_id)
    assert let_in == welcome


def fail(user_id: str, times: int, ip: str = "192.0.2.1", **kwargs: str) -> list[str]:
    outcomes = []
    for _ in range(times):
        try:
            service.sign_in(Realm.PORTAL, user_id, "wrong but long enough", ip=ip, **kwargs)
        except service.SignInFailed:
            outcomes.append("failed")
        except TooMany:
            outcomes.append("throttled")
    return outcomes


@pytest.mark.parametrize("user_id", ["anna.schmidt", "nobody"])
def test_five_failures_close_the_door_for_known_and_unknown_alike_and_it_opens_by_itself(
    database: Database, user_id: str
) -> None:
    contact()
    with time_machine.travel(NOON, tick=False) as moving:
        assert fail(user_id, 7) == ["failed"] * 5 + ["throttled"] * 2
        with pytest.raises(TooMany) as refused:
            service.sign_in(Realm.PORTAL, user_id, make.PASSWORD)
        assert refused.value.retry_after == 30
        moving.shift(timedelta(seconds=30))
        assert fail(user_id, 2) == ["failed", "throttled"]
        moving.shift(timedelta(seconds=60))
        if user_id == "anna.schmidt":
            service.sign_in(Realm.PORTAL, user_id, make.PASSWORD)
            assert fail(user_id, 6) == ["failed"] * 5 + ["throttled"]


def test_a_throttled_attempt_runs_the_same_statements_for_known_and_unknown(database: Database) -> None:
    contact()
    ran_for = {}
    for user_id in ("anna.schmidt", "nobody"):
        fail(user_id, 5, ip="192.0.2.9")
        with statements() as ran:
            assert fail(user_id, 1, ip="192.0.2.9") == ["throttled"]
        ran_for[user_id] = ran
    assert ran_for["anna.schmidt"] == ran_for["nobody"]


def test_many_user_ids_from_one_address_are_throttled_and_other_addresses_are_not(database: Database) -> None:
    contact()
    with time_machine.travel(NOON, tick=False) as moving:
        outcomes = [fail(f"person{n}", 1, ip=f"2001:db8::{n:x}")[0] for n in range(22)]
        assert outcomes == ["failed"] * 20 + ["throttled"] * 2
        assert fail("anna.schmidt", 1, ip="2001:db8:0:1::1") == ["failed"]
        moving.shift(timedelta(minutes=10))
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="2001:db8::1")


def test_guesses_from_very_many_addresses_close_the_door_to_unknown_browsers_for_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact()
    monkeypatch.setattr(throttles, "SIGN_IN_ANYWHERE", replace(throttles.SIGN_IN_ANYWHERE, most=30))
    with time_machine.travel(NOON, tick=False) as moving:
        known = sessions.hash_of(service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD))
        assert {fail(f"person{n}", 1, ip=f"192.0.2.{n}")[0] for n in range(29)} == {"failed"}
        for _ in range(3):
            service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="198.51.100.1")
        assert fail("person29", 2, ip="192.0.2.29") == ["failed", "throttled"]
        with pytest.raises(TooMany) as refused:
            service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="198.51.100.1")
        assert refused.value.retry_after == 60
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="198.51.100.1", device=known)
        assert fail("person29", 1, ip="192.0.2.29") == ["throttled"]  # and opens it to nobody else
        moving.shift(timedelta(minutes=1))
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="198.51.100.1")


def test_a_browser_that_knows_the_person_gets_in_while_a_stranger_fails(database: Database) -> None:
    contact()
    known = sessions.hash_of(service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD))
    contact("berta")
    with time_machine.travel(NOON, tick=False):
        assert fail("anna.schmidt", 6)[-1] == "throttled"
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, device=known)
        assert fail("anna.schmidt", 6, device=known, ip="192.0.2.2") == ["failed"] * 5 + ["throttled"]
        assert fail("berta", 6, ip="192.0.2.3") == ["failed"] * 5 + ["throttled"]
        with pytest.raises(TooMany):
            service.sign_in(Realm.PORTAL, "berta", make.PASSWORD, device=known)


def test_many_guesses_at_once_are_counted_one_by_one(database: Database) -> None:
    contact()
    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda: outcomes.extend(fail("anna.schmidt", 1))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("failed") == 5
    assert outcomes.count("throttled") == 11


def test_the_former_session_of_the_browser_ends_with_the_new_one(database: Database) -> None:
    contact()
    first = service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)
    second = service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, replaces=first)
    assert opened(Realm.PORTAL, first) is None
    assert opened(Realm.PORTAL, second) is not None
    assert opened(Realm.MY, second) is None


def test_only_the_hash_of_a_token_is_stored(database: Database) -> None:
    contact()
    token = service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD, ip="192.0.2.1", user_agent="A\x00 browser")
    with db.reading() as session:
        row = session.scalars(select(SignInSession)).one()
        assert token not in vars(row).values()
        assert (row.ip, row.user_agent) == ("192.0.2.1", "A browser")
    assert len(token) >= 43


@pytest.mark.parametrize(
    ("realm", "idle", "absolute"),
    [
        (Realm.PORTAL, timedelta(minutes=30), timedelta(hours=12)),
        (Realm.MY, timedelta(minutes=30), timedelta(hours=12)),
        (Realm.DESK, timedelta(minutes=15), timedelta(hours=8)),
    ],
)
def test_a_session_ends_when_idle_and_at_last_in_any_case(
    database: Database, realm: Realm, idle: timedelta, absolute: timedelta
) -> None:
    who = make.staff() if realm is Realm.DESK else contact()
    with time_machine.travel(NOON, tick=False) as moving:
        token = db.perform(sessions.begin_session, realm, who.id)
        moving.shift(idle - timedelta(seconds=1))
        assert opened(realm, token) is not None
        moving.shift(timedelta(seconds=1))
        assert opened(realm, token) is None
        moving.move_to(NOON)
        steps = int(absolute / (idle / 2))
        for _ in range(steps - 1):
            moving.shift(idle / 2)
            _touch(token)
        assert opened(realm, token) is not None
        moving.shift(idle / 2)
        assert opened(realm, token) is None


def _touch(token: str) -> None:
    with db.reading() as session:
        mine = select(SignInSession.id).where(SignInSession.token_hash == sessions.hash_of(token))
        session_id = session.scalars(mine).one()
    db.perform(sessions.touch_session, session_id)


def test_a_hash_of_former_parameters_is_made_anew(database: Database) -> None:
    anna = contact()
    former = hashing.Hashing(memory_kib=16, passes=1).hash(make.PASSWORD)
    change(Password, anna.id, hash=former)
    service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)
    with db.reading() as session:
        stored = session.get_one(Password, anna.id).hash
    assert stored != former
    assert not hashing.current().is_outdated(stored)


def test_a_password_changed_between_the_two_looks_lets_nobody_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = contact()
    verify = hashing.Hashing.verify

    def meanwhile(self: hashing.Hashing, stored: str | None, password: str) -> bool:
        monkeypatch.setattr(hashing.Hashing, "verify", verify)
        change(Password, anna.id, hash=hashing.hash_password("quite another one, this is"))
        return verify(self, stored, password)

    monkeypatch.setattr(hashing.Hashing, "verify", meanwhile)
    with pytest.raises(service.SignInFailed):
        service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)


def test_a_sign_in_voids_the_links_under_way(database: Database) -> None:
    contact()
    token = ask_for_link("anna.schmidt")
    service.sign_in(Realm.PORTAL, "anna.schmidt", make.PASSWORD)
    with pytest.raises(service.LinkExpired):
        service.set_password(sessions.hash_of(token), "seven new words for her")
