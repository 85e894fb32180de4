import pytest
from flask import Flask

from billing_core.permissions import Realm
from billing_core.web.targets import safe_target, target_in
from tests.client import Client
from tests.factories import core as make

OWN = ["/", "/quotes", "/quotes/quo_abc?tab=history&page=2", "/quotes?", "/invoices?q=a%20b%2Fc%40d", "/a.b/c-d_e~f"]
FOREIGN = [
    None, "", "quotes", "https://evil.example", "http:evil.example", "HTTPS://evil.example/", "//evil.example",
    "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example",
    "/quotes\\..\\evil", "javascript:alert(1)", "data:text/html,x", "mailto:a@evil.example", "/@evil.example",
    "user@evil.example", "/quotes@evil.example", "/%2fevil.example", "/%2Fevil.example", "/%5cevil.example",
    "/%5Cevil.example", "/quotes/%2e%2e//evil.example", "/..//evil.example", "/../evil", "/./evil", "/%2e%2e/evil",
    "/.%2e/evil", "/a//evil.example", "/\tevil.example", "/\nevil.example", "/\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie",
    "/%00", "\t//evil.example", " //evil.example", " /quotes", "/quotes ", "/\x00", "/\x7f", "/%7f", "/%40evil.example",
    "/\u2044evil.example", "/\uff0fevil.example", "/\u3002evil", "/quo\u200btes", "http:///evil.example", "/#//evil",
    "?next=//evil.example", "#x", ":80", "//[::1", "/" + "a" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("text", OWN)
def test_paths_of_this_site_are_believed(text: str) -> None:
    assert safe_target(text) == text


@pytest.mark.parametrize("text", FOREIGN, ids=repr)
def test_nothing_else_is(text: str | None) -> None:
    assert safe_target(text) is None


PAGES = {
    Realm.MY: ["/my-account", "/my-account/billing", "/admin-center/licenses/portal?product=W%26B%2F1", "/billing",
               "/my-account/bill%69ng"],
    Realm.PORTAL: ["/quotes", "/quotes/quo_1?tab=history", "/invoices/inv_1/pdf", "/payments/pay_1?returned=1"],
    Realm.DESK: ["/desk", "/desk/quotes/quo_1/edit", "/desk/money"],
}  # fmt: skip
NO_PAGES = [
    "/", "/sign-in", "/sign-out", "/my-account/sign-in", "/password/reset/a-token", "/password/new", "/verify",
    "/health/ready", "/my-account/account", "/my-account/hand-off", "/language", "/webhooks/stripe",
    "/api/v1/accounts", "/api/v1/openapi.json", "/static/x/y.css", "/sandbox/checkout/x", "/nothing", "/my-account/",
    "/my-account//billing", "/my-account;x", "/my-account%00", "/MY-ACCOUNT", "/%ff", "/my-account%3fa=1",
    "http://localhost/my-account", "https://localhost/my-account", "//localhost/my-account", "/\\localhost/my-account",
    "my-account", "/my-account#x", "/my-account\n", "\t/my-account", "/my-account?" + "a" * 1000,
    "/desk/../my-account", "/%2e%2e/my-account", "/%2fmy-account", "/my-account%2fbilling", "/my-account?a=\\b",
]  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_pages_behind_the_realms_own_door_are_known(app: Flask) -> None:
    every = [target for targets in PAGES.values() for target in targets]
    with app.test_request_context("/"):
        for realm, targets in PAGES.items():
            assert [target for target in every if target_in(realm, target)] == targets
            assert [target for target in (*NO_PAGES, *FOREIGN) if target_in(realm, target)] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_doors_and_the_chooser_lead_to_those_only(client: Client) -> None:
    person = make.member(make.account())
    typed = {"user_id": person.email, "password": make.PASSWORD}
    for wanted, place in {"/desk": "/my-account", "/password/reset/x": "/my-account", "/billing": "/billing"}.items():
        page = client.get("/my-account/sign-in", query_string={"next": wanted})
        assert page.form().get("next") == (wanted if wanted == place else None)
        assert client.post("/my-account/sign-in", {**typed, "next": wanted}, page=page).location == place
        here = client.get("/my-account")
        account = make.viewer(person, Realm.MY).standings[0].account_public_id
        chosen = client.post("/my-account/account", {"account": account, "next": wanted}, page=here)
        assert chosen.location == place
        client.post("/my-account/sign-out", page=here)
