"""Another account's object does not exist: each address with an object answers 404 to a stranger, and nothing changes.

The addresses come from the routes themselves, so a new one without an object or a form here fails the test. Each POST
carries what its rightful sender would send, so that it is the verb that refuses and not the form.
"""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from billing_core.permissions import Realm
from billing_core.web.guards import Guard
from tests.client import Client
from tests.factories import core
from tests.factories.sql import rows
from tests.rules.world import FORMS, World, filled

UNTOUCHED = {"sign_in_session"}
"""Looking at a page may note that the session was used."""
OF_NO_ACCOUNT = {"desk.retry_job", "desk.approval", "desk.approve", "desk.return_quote"}
"""Jobs are the vendor's, approvals for managers, pages of finance and support for those: no representative's right."""
OF_EVERYBODY = {"billing.compare_plans", "billing.new_plan"}
"""The catalogue of what is sold online is the same for every online account of the currency."""


def addresses(app: Flask) -> Iterator[tuple[Rule, Realm]]:
    for rule in app.url_map.iter_rules():
        guard: Guard | None = getattr(app.view_functions[rule.endpoint], "guard", None)
        if guard is not None and guard.realm is not None and rule.arguments:
            yield rule, guard.realm


def strangers(app: Flask) -> dict[Realm, Client]:
    return {
        Realm.PORTAL: Client(app).sign_in(core.contact(core.account())),
        Realm.DESK: Client(app).sign_in(core.staff("rep"), Realm.DESK),
        Realm.MY: Client(app).sign_in(core.contact(core.account(kind="online", rep_id=None)), Realm.MY),
    }


def test_a_stranger_finds_nothing_and_changes_nothing(app: Flask, world: World) -> None:
    posts = {rule.endpoint for rule, _ in addresses(app) if "POST" in (rule.methods or set())}
    bodies = {endpoint: filled(world, endpoint)[1] for endpoint in sorted(posts)}
    clients, before, seen = strangers(app), rows(UNTOUCHED), 0
    homes = {Realm.PORTAL: "/quotes", Realm.DESK: "/desk", Realm.MY: "/my-account"}
    tokens = {realm: client.token(client.get(homes[realm])) for realm, client in clients.items()}
    for rule, realm in addresses(app):
        path = world.path(rule)
        if rule.endpoint in posts:
            page = clients[realm].post(path, bodies[rule.endpoint] | {"csrf_token": tokens[realm]})
        else:
            page = clients[realm].get(path)
        of_finance = rule.endpoint.startswith(("finance.", "receivables.", "support."))
        expected = 403 if rule.endpoint in OF_NO_ACCOUNT or of_finance else 404
        expected = 200 if rule.endpoint in OF_EVERYBODY else expected
        assert page.status == expected, f"{rule.endpoint}: {page.status} {page.h1}"
        seen += 1
    assert seen > 15
    assert rows(UNTOUCHED) == before


def test_an_account_that_is_named_in_a_form_is_not_found_either(app: Flask, world: World) -> None:
    own = core.contact(core.account())
    core.contact(core.account(kind="online", rep_id=None), own)
    before = None
    for path, realm, home in (("/account", Realm.PORTAL, "/quotes"), ("/my-account/account", Realm.MY, "/my-account")):
        client = Client(app).sign_in(own, realm)
        token = client.token(client.get(home))
        before = rows()
        for account in (world.deal.account.public_id, "acc_unknown", "", "x" * 10_000, "a\x00b"):
            page = client.post(path, {"csrf_token": token, "account": account, "next": home})
            assert page.status == 404, f"{path} {account[:20]!r}: {page.status}"
        assert rows() == before
    assert before is not None


def test_the_same_forms_and_addresses_are_there_for_the_right_person(app: Flask, world: World) -> None:
    """Otherwise the tests above would prove nothing."""
    for rule, realm in addresses(app):
        if "GET" in (rule.methods or set()):
            query = f"?reviewed={world.reviewed}&payment=terms"
            page = world.client(rule.endpoint, realm).get(world.path(rule) + query)
            assert page.status in (200, 202), f"{rule.endpoint}: {page.status} {page.h1}"
    for endpoint in FORMS:
        filled(world, endpoint)
