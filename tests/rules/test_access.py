"""Every guarded address, tried by everybody who may not: refused with the right status, and nothing changes.

The addresses come from the routes themselves. A form that is new needs a row in RIGHT_OF, or the test fails: who may
send it is decided by somebody, never by accident. Other accounts' objects have a test of their own.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.routing import Rule

from billing_core import clock, db
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import LIMITS, PROOF_LASTS
from billing_core.people import STAFF_ROLES, BillingContact, Person
from billing_core.permissions import Realm
from billing_core.web.guards import Guard
from tests.client import Client
from tests.factories import core
from tests.factories.sql import rows
from tests.rules.world import FORMS, UNSHOWN, World, filled

HOMES = {Realm.PORTAL: "/quotes", Realm.DESK: "/desk", Realm.MY: "/my-account"}
UNTOUCHED = {"sign_in_session"}
"""Looking at a page may note that the session was used."""
SECURITY = (
    "end", "end_others", "begin", "confirm", "remove", "begin_passkey", "keep_passkey", "drop_passkey", "drop_app",
    "renew_codes",
)  # fmt: skip
ACCEPT, PAY, MANAGE, ANY = "accept", "pay", "manage", ""
RIGHT_OF = {
    "quotes.check_order_details": ACCEPT, "quotes.place_order": ACCEPT, "quotes.send_rejection": ACCEPT,
    "quotes.send_change": ACCEPT, "quotes.check_several": ACCEPT, "quotes.place_orders": ACCEPT,
    "quotes.confirm_second": ACCEPT, "quotes.refuse_second": ACCEPT,
    "quotes.send_comment": ANY, "quotes.ask_again": ANY, "requests.send": ANY,
    "invoices.start_payment": PAY, "invoices.use_credit": PAY, "paying.show_allocation": PAY, "paying.start": PAY,
    "proposals.confirm": PAY, "proposals.refuse": PAY, "proposals.withdraw": PAY,
    "portal_contacts.invite": ANY, "my_contacts.invite": ANY,
    "portal_contacts.add_recipient": MANAGE, "portal_contacts.remove_recipient": MANAGE,
    "portal_contacts.ask": ANY, "portal_contacts.withdraw": ANY, "my_contacts.ask": ANY, "my_contacts.withdraw": ANY,
    "payments.go_on": PAY, "payments.cancel": PAY, "cards.add": PAY, "cards.make_default": PAY, "cards.remove": PAY,
    "statement.make_pdf": ANY, "statement.make_receipt_pdf": ANY,
    "profile.keep_purchase_order": MANAGE, "profile.close_purchase_order": MANAGE, "profile.change_bill_to": MANAGE,
    "billing.change_vat_number": MANAGE, "renewals.pay": PAY, "billing.cancel": PAY, "billing.remove_cancellation": PAY,
    "cart.add": PAY, "cart.summary": PAY, "cart.change_line": PAY, "cart.remove_line": PAY, "checkout.place": PAY,
    "checkout.go_on": PAY, "checkout.cancel": PAY, "payment_methods.add": PAY, "payment_methods.make_default": PAY,
    "payment_methods.remove": PAY, "routing.send_question": ANY,
    **{f"{realm}_security.{deed}": ANY for realm in ("portal", "my") for deed in SECURITY},
    "portal_security.set_policy": MANAGE, "my_security.set_policy": MANAGE,
}  # fmt: skip
"""The right of a billing contact that a form of the portal or of My Account demands."""


FACTOR_DEEDS = ("begin_passkey", "drop_app", "drop_passkey", "renew_codes")
PROVEN = {
    "quotes.place_order", "quotes.place_orders", "quotes.confirm_second", "proposals.confirm", "desk.approve_change",
    "portal_contacts.ask", "my_contacts.ask", "portal_contacts.invite", "my_contacts.invite",
    "portal_contacts.add_recipient", "portal_security.set_policy", "my_security.set_policy",
    *(f"{realm}_security.{deed}" for realm in Realm for deed in FACTOR_DEEDS),
}  # fmt: skip
"""What matters most: it takes a fresh proof of who is there. Large card payments do too (payments.limits)."""


def guarded(app: Flask) -> Iterator[tuple[Rule, Guard, Realm]]:
    for rule in app.url_map.iter_rules():
        guard: Guard | None = getattr(app.view_functions[rule.endpoint], "guard", None)
        if guard is not None and guard.realm is not None:
            yield rule, guard, guard.realm


def is_post(rule: Rule) -> bool:
    return "POST" in (rule.methods or set())


def signed_in(world: World, realm: Realm, who: Person | None = None) -> Client:
    return Client(world.app).sign_in(who or world.people[realm.value], realm)


def test_somebody_has_decided_who_may_send_each_form(app: Flask) -> None:
    of_customers = {
        rule.endpoint for rule, _, realm in guarded(app) if is_post(rule) and realm is not Realm.DESK
    } - UNSHOWN
    assert of_customers == set(RIGHT_OF)


def test_who_is_not_signed_in_here_is_led_to_the_door(app: Flask, world: World) -> None:
    clients = [(door, realm, _outsider(world, realm, door)) for door in DOORS for realm in Realm]
    tokens = [client.token(client.get("/sign-in?again=1")) for _, _, client in clients]
    before, seen = rows(), 0
    for (door, own, client), token in zip(clients, tokens, strict=True):
        for rule, _, realm in guarded(app):
            if realm is not own:
                continue
            path = world.path(rule)
            page = client.post(path, {"csrf_token": token}) if is_post(rule) else client.get(path)
            found = (page.status, "/sign-in" in page.location)
            assert found == (303, True), f"{door}, {rule.endpoint}: {page.status} {page.h1}"
            seen += 1
    assert seen > 600
    assert rows() == before


DOORS = ("nobody", "another realm", "an expired session", "an ended session")


def _outsider(world: World, realm: Realm, door: str) -> Client:
    """Somebody who would be the right person in this realm, were it not for the door."""
    if door == "nobody":
        return Client(world.app)
    if door == "another realm":
        return signed_in(world, {Realm.PORTAL: Realm.MY, Realm.MY: Realm.DESK, Realm.DESK: Realm.PORTAL}[realm])
    client = signed_in(world, realm)
    now = clock.now()
    over = {"seen_at": now - LIMITS[realm].idle} if door == "an expired session" else {"ended_at": now}
    newest = SignInSession.id == select(func.max(SignInSession.id)).scalar_subquery()
    db.perform(lambda: db.session().execute(update(SignInSession).where(newest).values(**over)))
    return client


def test_a_form_without_its_token_is_refused_to_the_right_person_too(app: Flask, world: World) -> None:
    forms = {rule.endpoint: rule for rule, _, _ in guarded(app) if is_post(rule)}
    clients = {realm: signed_in(world, realm) for realm in Realm}
    for realm, client in clients.items():
        client.get(HOMES[realm])
    before = rows(UNTOUCHED)
    for rule, _, realm in guarded(app):
        if rule.endpoint in forms:
            page = clients[realm].post(world.path(rule), {"csrf_token": "not-it"})
            assert (page.status, "open for too long" in page.words) == (400, True), rule.endpoint
    assert rows(UNTOUCHED) == before


@pytest.mark.parametrize("missing", [ACCEPT, PAY, MANAGE])
def test_a_contact_without_the_right_sends_the_form_in_vain(app: Flask, world: World, missing: str) -> None:
    wanted = [rule for rule, _, _ in guarded(app) if RIGHT_OF.get(rule.endpoint) == missing]
    bodies = {rule.endpoint: filled(world, rule.endpoint)[1] for rule in wanted}
    switch = {f"may_{missing}": False}
    db.perform(lambda: db.session().execute(update(BillingContact).values(**switch)))
    clients = {realm: signed_in(world, realm) for realm in (Realm.PORTAL, Realm.MY)}
    tokens = {realm: client.token(client.get(HOMES[realm])) for realm, client in clients.items()}
    before = rows(UNTOUCHED)
    for rule in wanted:
        realm = FORMS[rule.endpoint].realm
        assert realm is not None
        page = clients[realm].post(world.path(rule), bodies[rule.endpoint] | {"csrf_token": tokens[realm]})
        assert page.status == 403, f"{rule.endpoint}: {page.status} {page.h1}"
    assert len(wanted) > 3
    assert rows(UNTOUCHED) == before


def test_what_matters_most_takes_a_fresh_proof(app: Flask, world: World) -> None:
    wanted = [rule for rule, guard, _ in guarded(app) if guard.proof and is_post(rule)]
    assert {rule.endpoint for rule in wanted} == PROVEN
    ready = [(rule, *filled(world, rule.endpoint)) for rule in wanted]
    old = {"proven_at": clock.real_now() - PROOF_LASTS}
    db.perform(lambda: db.session().execute(update(SignInSession).values(**old)))
    before = rows(UNTOUCHED)
    for rule, client, body in ready:
        page = client.post(world.path(rule), body)
        assert (page.status, page.h1) == (403, "Confirm that it is you"), f"{rule.endpoint}: {page.status} {page.h1}"
    assert rows(UNTOUCHED) == before


def test_staff_of_another_role_are_refused(app: Flask, world: World) -> None:
    staff = {role: signed_in(world, Realm.DESK, core.staff(role)) for role in STAFF_ROLES}
    tokens = {role: client.token(client.get("/desk")) for role, client in staff.items()}
    before, seen = rows(UNTOUCHED), 0
    for rule, guard, _ in guarded(app):
        for role in set(STAFF_ROLES) - set(guard.roles) if guard.roles else ():
            path = world.path(rule)
            page = staff[role].post(path, {"csrf_token": tokens[role]}) if is_post(rule) else staff[role].get(path)
            assert page.status == 403, f"{role}, {rule.endpoint}: {page.status} {page.h1}"
            seen += 1
    assert seen > 20
    assert rows(UNTOUCHED) == before


def test_the_next_request_of_a_removed_contact_is_refused(world: World) -> None:
    client = signed_in(world, Realm.PORTAL)
    assert client.get("/quotes").status == 200
    gone = {"removed_at": clock.now() - timedelta(seconds=1), "is_primary": False}
    mine = BillingContact.person_id == world.people["portal"].id
    db.perform(lambda: db.session().execute(update(BillingContact).where(mine).values(**gone)))
    page = client.get("/quotes")
    assert (page.status, "/sign-in" in page.location) == (303, True)
