"""The document is valid, complete, and says of every operation what the code does."""

import re
from typing import Any, get_args

import pytest
from flask import Flask
from openapi_spec_validator import validate

from billing_core.orders.states import ORDER
from billing_core.payments.states import PAYMENT
from corporate_portal.api.policy import Scope
from corporate_portal.api.schemas import told
from corporate_portal.quotes.offer.content import EFFECTS
from corporate_portal.quotes.states import QUOTE


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found: dict[str, Any] = answer.json or {}
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_it_is_valid_and_names_every_route(app: Flask, document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"
    ours = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    routes = {
        (method.lower(), re.sub(r"<string:(\w+)>", r"{\1}", rule.rule))
        for rule in ours
        if rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert {(method, path) for method, path, _ in operations(document)} == routes
    assert len(routes) == 17


def test_every_operation_says_its_scope_its_token_and_its_problems(document: dict[str, Any]) -> None:
    names = [one["operationId"] for _, _, one in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, one in operations(document):
        assert one["security"] == [{"token": []}], path
        assert [scope for scope in Scope if f"`{scope}`" in one["description"]], path
        responses = one["responses"]
        assert {"400", "401", "403", "406", "429", "500", "503"} <= set(responses), path
        assert ("404" in responses) == ("{" in path or method == "post"), path
        for status, answer in responses.items():
            kinds = list(answer.get("content", {}))
            if int(status) >= 400:
                assert kinds == ["application/problem+json"], (path, status)
        parameters = {one["name"]: one["required"] for one in one["parameters"]}
        assert ("Idempotency-Key" in parameters) == (method == "post"), path
        assert ("If-Match" in parameters) == (method != "get" and "{" in path), path
        assert ("428" in responses, "412" in responses) == ("If-Match" in parameters,) * 2, path
        assert all(parameters[name] for name in parameters if name in ("Idempotency-Key", "If-Match"))


def test_it_tells_nothing_of_any_account(app: Flask, document: dict[str, Any]) -> None:
    first = app.test_client().get("/api/v1/openapi.json").data
    assert first == app.test_client().get("/api/v1/openapi.json", headers={"Cookie": "visitor=x"}).data
    assert "acc_0123456789abcdef" in first.decode()
    assert "@" not in first.decode()


def test_every_number_that_is_asked_for_has_its_bounds(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    asked = [
        schemas[name]
        for name in ("NewQuote", "QuoteText", "StartLine", "RenewLine", "AddLine", "RemoveLine", "FreeLine")
    ]
    numbers = [
        one
        for schema in asked
        for field in schema["properties"].values()
        for one in (field, *field.get("anyOf", ()))
        if one.get("type") == "integer"
    ]
    assert len(numbers) > 15
    assert all({"minimum", "maximum"} <= one.keys() for one in numbers)


def test_its_states_are_those_of_the_machines() -> None:
    assert set(get_args(told.QuoteState)) == set(QUOTE.states)
    assert set(get_args(told.OrderState)) == set(ORDER.states)
    assert set(get_args(told.PaymentState)) == set(PAYMENT.states)
    assert get_args(told.Effect) == EFFECTS
