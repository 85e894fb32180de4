"""Who must have a second factor gets nowhere without one: staff by a setting, contacts by the rule of their account."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from billing_core import db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.credentials.factors import duty
from billing_core.credentials.models import SignInSession
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import mails
from tests.client import Client
from tests.factories import core as make
from tests.factories.factors import app_of


def require(account: Account, required: bool = True) -> None:
    mine = update(Account).where(Account.id == account.id)
    db.perform(lambda: db.session().execute(mine.values(requires_factor=required)))


@pytest.fixture
def account(app: Flask) -> Account:
    return make.account()


@pytest.fixture
def anna(account: Account) -> Person:
    return make.contact(account, make.person("Anna Schmidt", "anna"))


def test_staff_without_a_factor_get_to_the_set_up_and_nowhere_else(app: Flask) -> None:
    clerk = make.staff("finance", user_id="clerk")
    client = Client(app).sign_in(clerk, Realm.DESK)
    token = client.token(client.get("/desk"))
    duty.require_of_staff(True)
    try:
        for path in ("/desk", "/desk/quotes", "/desk/audit"):
            led = client.get(path)
            assert (led.status, led.location.endswith("/desk/security")) == (303, True), path
        sent = client.post("/desk/bank", {"csrf_token": token})
        assert sent.location.endswith("/desk/security")
        shown = client.get("/desk/security")
        assert (shown.status, "Two-step sign-in is required here." in shown.words) == (200, True)
        assert client.get("/desk/security/authenticator").status == 200
        app_of(clerk)
        assert client.get("/desk").status == 200
        assert "Remove two-step sign-in" not in client.get("/desk/security").words
        refused = client.post("/desk/security/authenticator/remove", {"password": make.PASSWORD})
        assert (refused.status, "cannot be removed" in refused.words) == (409, True)
    finally:
        duty.require_of_staff(False)


def test_contacts_of_an_account_that_requires_it_are_led_there_in_both_realms(
    app: Flask, account: Account, anna: Person
) -> None:
    portal, mine = Client(app).sign_in(anna), Client(app).sign_in(anna, Realm.MY)
    assert (portal.get("/quotes").status, mine.get("/admin-center").status) != (303, 303)
    require(account)
    assert portal.get("/quotes").location.endswith("/security")
    assert mine.get("/my-account").location.endswith("/my-account/security")
    app_of(anna)
    assert portal.get("/quotes").status == 200


def test_one_account_that_requires_it_is_enough_and_members_are_not_meant(
    app: Flask, account: Account, anna: Person
) -> None:
    other = make.account()
    make.contact(other, anna)
    member = make.member(account, make.person("Max", "max"))
    require(account)
    assert Client(app).sign_in(anna).get("/quotes").status == 303
    assert Client(app).sign_in(member, Realm.MY).get("/my-account").status == 200


def test_a_session_that_another_site_handed_over_is_left_out(app: Flask, account: Account, anna: Person) -> None:
    require(account)
    client = Client(app).sign_in(anna, Realm.MY)
    db.perform(lambda: db.session().execute(update(SignInSession).values(proven_at=None)))
    assert not client.get("/my-account").location.endswith("/security")


def test_a_contact_who_manages_sets_the_rule_and_all_are_told(app: Flask, account: Account, anna: Person) -> None:
    make.contact(account, make.person("Ben", "ben"))
    client = Client(app).sign_in(anna)
    shown = client.get("/security")
    refused = client.post("/security/policy", shown.form("policy"))
    assert (refused.status, "for yourself first" in refused.words) == (409, True)
    app_of(anna)
    done = client.follow(client.post("/security/policy", client.get("/security").form("policy")))
    assert "All billing contacts sign in in two steps." in done.words
    assert [mail.recipient_name for mail in mails("factor-policy")] == ["Anna Schmidt", "Ben"]
    assert "Anna Schmidt decided on" in mails("factor-policy")[1].text_body
    client.post("/security/policy", client.get("/security").form("policy"))
    assert "may sign in with their password alone" in mails("factor-policy")[-1].text_body
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.factor_policy")).all()
    assert [(entry.subject, entry.account_id) for entry in entries] == [(account.public_id, account.id)] * 2


def test_nobody_else_sets_the_rule(app: Flask, account: Account, anna: Person) -> None:
    app_of(anna)
    other = make.account()
    client = Client(app).sign_in(anna)
    shown = client.get("/security")
    for company, status in ((other.public_id, 404), ("", 404), ("x" * 500, 404)):
        sent = client.post("/security/policy", {"company": company, "required": "yes"}, page=shown)
        assert sent.status == status
    viewer = make.contact(account, make.person("Ben", "ben"), may_manage=False)
    reader = Client(app).sign_in(viewer)
    page = reader.get("/security")
    assert "Require it of all billing contacts" not in page.words
    sent = reader.post("/security/policy", {"company": account.public_id, "required": "yes"}, page=page)
    assert sent.status == 403
    with db.reading() as session:
        assert not any(session.scalars(select(Account.requires_factor)))
