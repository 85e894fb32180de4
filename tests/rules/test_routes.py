"""Every route is guarded or declared public, refuses a POST without its token, and is written in kebab-case."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from billing_core.web.guards import Guard
from tests.client import Client

PUBLIC = {
    "/",
    "/sign-in",
    "/sign-out",
    "/password/reset",
    "/password/reset/<string:token>",
    "/password/new",
    "/password/sent",
    "/desk/sign-in",
    "/desk/sign-out",
    "/my-account/sign-in",
    "/my-account/sign-out",
    "/my-account/hand-off",
    "/security/second-step",
    "/my-account/security/second-step",
    "/desk/security/second-step",
    "/language",
    "/session/<string:realm>/rest",
    "/session/<string:realm>/stay",
    "/health/live",
    "/health/ready",
    "/static/brand/<string:file>",
    "/static/<string:known_version>/<path:file>",
    "/webhooks/stripe",
    "/api/v1/openapi.json",
    "/verify",
}
"""Everything else demands a signed-in person. The mailbox and the clock exist in development only."""
SIGNED_INSTEAD = {"/webhooks/stripe", "/my-account/hand-off"}
"""They verify a signature, the second one with the Origin that sends it, so they need no token."""


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(("/mailbox", "/clock"))]


def guard_of(app: Flask, rule: Rule) -> Guard | None:
    return getattr(app.view_functions[rule.endpoint], "guard", None)


def test_every_route_has_one_guard_and_no_other_is_public(app: Flask) -> None:
    assert not [rule.rule for rule in rules(app) if guard_of(app, rule) is None]
    assert {rule.rule for rule in rules(app) if (found := guard_of(app, rule)) and found.is_public} == PUBLIC


def test_addresses_are_kebab_case_with_typed_parameters(app: Flask) -> None:
    for rule in rules(app):
        fixed = re.sub(r"<(string|int|path):[a-z_]+>", "x", rule.rule)
        assert re.fullmatch(r"(/[a-z0-9-]*)+(\.(json|csv))?", fixed), rule.rule


def test_no_route_changes_anything_on_get_and_on_post_alike(app: Flask) -> None:
    for rule in rules(app):
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        guard = guard_of(app, rule)
        allowed = [{"GET"}, {"POST"}] + ([{"PUT"}] if guard and guard.scope else [])
        assert methods in allowed, f"{rule.rule}: {methods}"


@pytest.fixture
def posts(app: Flask) -> list[str]:
    unsafe = [rule for rule in rules(app) if "POST" in (rule.methods or set()) and rule.rule not in SIGNED_INSTEAD]
    unsafe = [rule for rule in unsafe if not ((found := guard_of(app, rule)) and found.scope)]
    return [re.sub(r"<[^>]+>", "x", rule.rule) for rule in unsafe]


def test_a_post_without_its_token_is_refused(client: Client, posts: list[str]) -> None:
    for path in posts:
        page = client.post(path, {"csrf_token": ""})
        assert page.status == 400, path
        assert "open for too long" in page.words, path


def test_a_visitor_is_led_to_the_sign_in_of_the_realm(app: Flask, client: Client) -> None:
    for rule in rules(app):
        guard = guard_of(app, rule)
        if guard is None or guard.realm is None or "GET" not in (rule.methods or set()):
            continue
        page = client.get(re.sub(r"<[^>]+>", "x", rule.rule))
        assert page.status == 303, rule.rule
        assert "/sign-in" in page.location, rule.rule


def test_a_program_without_a_token_is_told_so(app: Flask, client: Client) -> None:
    seen = 0
    for rule in rules(app):
        guard = guard_of(app, rule)
        if guard is None or not guard.scope:
            continue
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        answer = client.browser.open(re.sub(r"<[^>]+>", "x", rule.rule), method=method)
        assert answer.status_code == 401, rule.rule
        assert answer.content_type == "application/problem+json", rule.rule
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), rule.rule
        seen += 1
    assert seen > 15


def test_known_addresses_stay(app: Flask) -> None:
    have = {rule.rule for rule in rules(app)}
    assert {
        "/sign-in", "/sign-out", "/password/reset", "/quotes", "/invoices", "/profile", "/desk", "/my-account",
        "/admin-center", "/billing", "/health/live", "/health/ready",
    } <= have  # fmt: skip


@pytest.mark.parametrize("path", ["/nothing-here", "/quotes/quo_unknown/nothing", "/static/x/nothing.css"])
def test_what_does_not_exist_is_a_page_of_its_own(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_a_method_that_is_not_there_is_refused(client: Client) -> None:
    page = client.browser.delete("/quotes")
    assert page.status_code in (400, 405)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example"])
def test_a_foreign_host_is_refused(client: Client, host: str) -> None:
    assert client.browser.get("/sign-in", headers={"Host": host}).status_code == 400


def test_a_huge_form_is_refused(client: Client) -> None:
    token = client.token(client.get("/sign-in"))
    assert client.browser.post("/sign-in", data={"csrf_token": token, "user_id": "x" * 2_000_000}).status_code == 413
