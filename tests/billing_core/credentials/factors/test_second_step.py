"""The second step of a sign-in, in all three realms."""

import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials import refusals, service, sessions, throttles
from billing_core.credentials.factors.models import AuthenticatorApp, PendingSignIn
from billing_core.credentials.factors.second_step import finish_sign_in
from billing_core.credentials.models import SignInSession, Throttle
from billing_core.credentials.strength import TooShort
from billing_core.errors import Refusal, TooMany
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import ask_for_link, mails, statements
from tests.client import Client, Page
from tests.factories import core as make
from tests.factories.factors import app_of, code, wrong_code

DOORS = {Realm.PORTAL: "/sign-in", Realm.MY: "/my-account/sign-in", Realm.DESK: "/desk/sign-in"}
STEPS = {Realm.PORTAL: "/security/second-step", Realm.MY: "/my-account/security/second-step",
         Realm.DESK: "/desk/security/second-step"}  # fmt: skip
ROOMS = {Realm.PORTAL: "/profile", Realm.MY: "/admin-center", Realm.DESK: "/desk/quotes"}
REALMS = pytest.mark.parametrize("realm", list(Realm))


@pytest.fixture
def anna(app: Flask) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"), is_admin=True)


def first_step(client: Client, realm: Realm = Realm.PORTAL, **more: str) -> Page:
    return client.post(DOORS[realm], {"user_id": "anna", "password": make.PASSWORD, **more})


def second_step(client: Client, typed: str, realm: Realm = Realm.PORTAL) -> Page:
    shown = client.get(STEPS[realm])
    return client.post(STEPS[realm], {"code": typed}, page=shown)


def count(row: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def knocked() -> str:
    """The token of a sign-in whose first step is done."""
    with pytest.raises(service.FactorNeeded) as waiting:
        service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
    return waiting.value.token


@REALMS
def test_the_password_alone_opens_nothing_and_the_code_leads_on(app: Flask, realm: Realm) -> None:
    who = make.person(user_id="anna")
    if realm is Realm.DESK:
        who = make.staff("rep", user_id="anna2")
    else:
        make.contact(make.account(), who, is_admin=True)
    app_of(who)
    client = Client(app)
    user_id = "anna2" if realm is Realm.DESK else "anna"
    asked = first_step(client, realm, user_id=user_id, next=ROOMS[realm])
    assert asked.location.startswith(STEPS[realm])
    assert count(SignInSession) == 0
    assert client.get(ROOMS[realm]).status == 303
    shown = client.follow(asked)
    assert shown.h1 == "Second step of the sign-in"
    came = client.post(STEPS[realm], shown.form() | {"code": code()})
    assert came.location.endswith(ROOMS[realm])
    assert client.get(ROOMS[realm]).status == 200
    assert count(PendingSignIn) == 0


def test_every_wrong_code_is_refused_in_one_sentence(app: Flask, anna: Person) -> None:
    app_of(anna)
    others = app_of(make.person())
    client = Client(app)
    first_step(client)
    said = {
        second_step(client, typed).words.replace(typed, "")
        for typed in (wrong_code(), code(-3), others[0], "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")
    }
    assert len(said) == 1
    assert "This code is not right, or it was used before." in said.pop()
    assert count(SignInSession) == 0


def test_a_code_counts_once(app: Flask, anna: Person) -> None:
    app_of(anna)
    shown = code()
    assert finish_sign_in(Realm.PORTAL, knocked(), shown)
    for used in (shown, code(-1)):
        with pytest.raises(refusals.WrongCode):
            finish_sign_in(Realm.PORTAL, knocked(), used)


def test_a_recovery_code_counts_once_and_is_told(app: Flask, anna: Person) -> None:
    codes = app_of(anna)
    assert finish_sign_in(Realm.PORTAL, knocked(), codes[3].lower().replace("-", " "))
    with pytest.raises(refusals.WrongCode):
        finish_sign_in(Realm.PORTAL, knocked(), codes[3])
    (mail,) = mails("factor-changed")
    assert "Recovery codes left: 9." in mail.text_body
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action.like("factor.%"))).one()
    assert (entry.action, entry.actor) == ("factor.recovery_code_used", f"portal:{anna.public_id}")


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_one_code_in_two_browsers_at_once_opens_one(app: Flask, anna: Person, kind: str) -> None:
    codes, outcomes, barrier = app_of(anna), [], threading.Barrier(2)
    shown = code() if kind == "app" else codes[0]

    def finish(token: str) -> None:
        barrier.wait()
        try:
            outcomes.append(bool(finish_sign_in(Realm.PORTAL, token, shown)))
        except refusals.WrongCode:
            outcomes.append(False)

    threads = [threading.Thread(target=finish, args=(token,)) for token in (knocked(), knocked())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == [False, True]


def test_one_first_step_gives_one_session(app: Flask, anna: Person) -> None:
    app_of(anna)
    pending = knocked()
    finish_sign_in(Realm.PORTAL, pending, code())
    with pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.PORTAL, pending, code(1))


def test_a_first_step_counts_for_five_minutes_and_in_its_own_realm(app: Flask, anna: Person) -> None:
    app_of(anna)
    pending = knocked()
    with pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.MY, pending, code())
    with time_machine.travel(clock.real_now() + timedelta(minutes=5), tick=False), pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.PORTAL, pending, code())
    assert finish_sign_in(Realm.PORTAL, pending, code())


@REALMS
def test_who_has_not_taken_the_first_step_begins_with_it(app: Flask, realm: Realm) -> None:
    client = Client(app)
    assert client.get(STEPS[realm]).location.endswith(DOORS[realm])
    token = client.token(client.get(DOORS[realm]))
    page = client.post(STEPS[realm], {"csrf_token": token, "code": "123456"})
    assert page.location.endswith(DOORS[realm])
    assert "This sign-in has taken too long." in client.follow(page).words


def test_wrong_codes_close_the_door_and_a_right_password_does_not_open_it(app: Flask, anna: Person) -> None:
    app_of(anna)
    with time_machine.travel(clock.real_now(), tick=False) as moving:
        tokens = [knocked() for _ in range(2)]
        for _ in range(3):
            with pytest.raises(refusals.WrongCode):
                finish_sign_in(Realm.PORTAL, tokens[0], wrong_code())
        with pytest.raises(TooMany):
            finish_sign_in(Realm.PORTAL, tokens[1], code())
        with pytest.raises(TooMany):
            service.sign_in(Realm.PORTAL, "anna", make.PASSWORD)
        moving.shift(timedelta(seconds=30))
        assert finish_sign_in(Realm.PORTAL, tokens[1], code())
        assert knocked()


def test_many_wrong_codes_from_one_address_close_it(app: Flask, anna: Person) -> None:
    app_of(anna)
    pending, outcomes = knocked(), set()
    for _ in range(throttles.SIGN_IN_ADDRESS.most):
        db.perform(throttles.knock, throttles.SIGN_IN_ADDRESS, "192.0.2.1")
    for ip in ("192.0.2.1", "192.0.2.2"):
        try:
            finish_sign_in(Realm.PORTAL, pending, wrong_code(), ip=ip)
        except Refusal as refusal:
            outcomes.add((ip, type(refusal)))
    assert outcomes == {("192.0.2.1", TooMany), ("192.0.2.2", refusals.WrongCode)}


def test_a_failed_first_step_is_the_same_with_a_factor_and_without(app: Flask, anna: Person) -> None:
    ran_for = []
    for prepare in (lambda: None, lambda: app_of(anna)):
        prepare()
        db.perform(lambda: db.session().execute(delete(Throttle)))
        with statements() as ran, pytest.raises(service.PortalSignInFailed):
            service.sign_in(Realm.PORTAL, "anna", "wrong but long enough")
        ran_for.append(ran)
    assert ran_for[0] == ran_for[1]


def test_who_was_disabled_between_the_steps_stays_out(app: Flask, anna: Person) -> None:
    app_of(anna)
    pending = knocked()

    def disable() -> None:
        db.session().get_one(Person, anna.id).disabled_at = clock.now()

    db.perform(disable)
    with pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.PORTAL, pending, code())


def test_a_new_password_keeps_the_factor_may_be_shorter_and_voids_the_first_step(app: Flask, anna: Person) -> None:
    link = sessions.hash_of(ask_for_link("anna"))
    with pytest.raises(TooShort):
        service.set_password(link, "x7-Qm!vT2_pL")
    app_of(anna)
    pending = knocked()
    with pytest.raises(TooShort) as refused:
        service.set_password(link, "x7-Qm!vT2_p")
    assert refused.value.params == {"least": 12}
    service.set_password(link, "x7-Qm!vT2_pL")
    assert count(AuthenticatorApp) == 1
    with pytest.raises(refusals.SignInOver):
        finish_sign_in(Realm.PORTAL, pending, code())


def test_what_was_not_finished_is_forgotten(app: Flask, anna: Person) -> None:
    app_of(anna)
    knocked()
    service.tidy()
    assert count(PendingSignIn) == 1
    with time_machine.travel(clock.real_now() + timedelta(minutes=5), tick=False):
        service.tidy()
    assert count(PendingSignIn) == 0
