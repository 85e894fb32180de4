"""Whatever goes wrong is one problem document: never a page, always a status that says what it is."""

import sqlite3
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from corporate_portal.api import queries
from tests.corporate_portal.api.programs import Program, check, new, problem
from tests.factories import quotes as make

BLANK = "about:blank"


def test_an_address_or_method_that_is_not_there(app: Flask, crm: Program) -> None:
    for path in ("", "/", "/nothing", "/quotes/", "//quotes", "/quotes//x", "/quotes/x/y", "/openapi.yaml", "/%00"):
        assert problem(crm.get(path)) == (404, BLANK), path
    for method, path in (("DELETE", "/quotes"), ("PATCH", "/quotes/x"), ("OPTIONS", "/quotes"), ("POST", "/accounts")):
        answer = crm.send(method, path)
        assert problem(answer) == (405, BLANK)
        assert "GET" in answer.headers["Allow"]
    answer = app.test_client().get("/api")
    check(answer)
    assert answer.status_code == 404


def test_the_language_is_that_of_accept_language(crm: Program) -> None:
    english, german = (crm.get("/quotes/nobody", accept_language=code) for code in ("fr, en;q=0.5", "de-AT, de;q=0.9"))
    assert english.json == {
        "type": "urn:problem-type:billing-portal:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this address, or it belongs to another account.",
    }
    assert (german.headers["Content-Language"], (german.json or {})["title"]) == ("de", "Not found")
    assert (german.json or {})["detail"] != (english.json or {})["detail"]
    assert "Accept-Language" in german.headers["Vary"]


def test_content_of_another_kind(crm: Program) -> None:
    deal = make.deal()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""):
        answer = crm.send("POST", "/quotes", data="{}", content_type=kind, headers={"Idempotency-Key": "1"})
        assert problem(answer) == (415, "not-json"), kind
    for text in ("", "{", "[]", "null", '"x"', "{'a': 1}", '{"title": "\\ud800"}', "\xff", '{"a":' * 500):
        answer = crm.send(
            "POST",
            "/quotes",
            data=text.encode("latin-1"),
            content_type="application/json",
            headers={"Idempotency-Key": "1"},
        )
        assert problem(answer) == (400, "malformed"), text[:20]
    typed = {"Idempotency-Key": "2", "Content-Type": "application/json; charset=utf-8"}
    assert crm.send("POST", "/quotes", json=new(deal), headers=typed).status_code == 201


def test_what_is_not_described_is_refused(crm: Program) -> None:
    quote = make.draft(make.deal())
    path = f"/quotes/{quote.public_id}"
    for answer in (
        crm.get(f"{path}?fields=all"),
        crm.get("/quotes?page=1"),
        crm.post(f"{path}/submit?now=1", seen="*"),
    ):
        assert problem(answer) == (400, "malformed")
    assert problem(crm.post(f"{path}/submit", {"valid_until": "2027-01-01"}, seen="*")) == (400, "malformed")
    assert make.version(quote).state == "draft"
    assert crm.post(f"{path}/submit", {}, seen="*").status_code == 200


def test_content_that_is_too_large(crm: Program) -> None:
    huge = {"title": "x" * 1_100_000}
    assert problem(crm.post("/quotes", huge)) == (413, BLANK)
    assert problem(crm.post("/quotes/x/submit", huge, seen='"x"')) == (413, BLANK)


def test_an_answer_of_another_kind_is_not_to_be_had(crm: Program) -> None:
    for accepted in ("text/html", "application/xml, text/*", "application/json;q=0", "nonsense"):
        assert problem(crm.get("/quotes", accept=accepted)) == (406, "nothing-acceptable"), accepted
    for accepted in ("*/*", "application/*", "text/html, application/json;q=0.1", "application/json", ""):
        assert crm.get("/quotes", accept=accepted).status_code == 200, accepted


def test_a_foreign_host_gets_no_page_either(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/quotes", headers={"Host": "evil.example"})
    check(answer)
    assert answer.status_code == 400


def test_a_busy_database_asks_for_patience(crm: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(queries, "quotes", busy)
    answer = crm.get("/quotes")
    assert problem(answer) == (503, BLANK)
    assert int(answer.headers["Retry-After"]) > 0


def test_our_own_fault_is_told_without_its_cause(app: Flask, crm: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: Any) -> None:
        raise ValueError("a secret of the program")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setattr(queries, "quotes", fault)
    answer = crm.get("/quotes")
    assert problem(answer) == (500, BLANK)
    assert "secret" not in answer.text
