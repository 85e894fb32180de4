"""What the document allows and what it forbids is sent to every operation, and each answer compared with the document.

Half of the requests are aimed: they name things that exist, and the version that counts, so that verbs are reached.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from billing_core.credentials.throttles import Window
from corporate_portal.api import service
from tests.corporate_portal.api.programs import Program, Stock, new
from tests.factories import quotes as make

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class Aim:
    """Makes a generated request one that reaches something."""

    def __init__(self, crm: Program, stock: Stock) -> None:
        self.crm, self.stock, self.keys = crm, stock, count(1)
        account = crm.get(f"/accounts/{stock.deal.account.public_id}").json or {}
        self.subscription = account["subscriptions"][0]["id"]

    def at(self, case: Case, draw: Any) -> None:
        """Name an object that exists, its ETag, an account with its product, and mostly a key that is new."""
        if case.method == "POST" and draw(st.integers(0, 4)):
            case.headers["Idempotency-Key"] = f"aimed-{next(self.keys)}"
        if "public_id" in (case.path_parameters or {}):
            found = case.path_parameters["public_id"] = draw(st.sampled_from(self._named(case, draw)))
            if case.method != "GET" and draw(st.integers(0, 9)):
                case.headers["If-Match"] = self.crm.get(f"/quotes/{found}").headers["ETag"]
        if isinstance(case.body, dict):
            self._sell(case.body)

    def _named(self, case: Case, draw: Any) -> list[str]:
        """What the list shows; for a verb of quotes mostly a new one, in a state from which it leads on."""
        kind, verb = case.path.split("/")[3], case.path.split("/")[-1]
        if case.method != "GET" and draw(st.integers(0, 4)):
            quote = make.sent(self.stock.deal) if verb in ("revise", "withdraw") else make.draft(self.stock.deal)
            return [quote.public_id]
        return [row["id"] for row in (self.crm.get(f"/{kind}?limit=100").json or {})["data"]]

    def _sell(self, body: dict[str, Any]) -> None:
        """Words, days, products and subscriptions that can be offered; the rest stays as it was made up."""
        real = new(self.stock.deal)
        body.update({name: real[name] for name in ("title", "starts_on", "term_months", "account") if name in body})
        body.update({"valid_until": None, "zone": "", "terms_version": "", "notes": "", "amount_off": 0})
        for line in body.get("lines") or []:
            if isinstance(line, dict):
                self._aim_line(line)

    def _aim_line(self, line: dict[str, Any]) -> None:
        real = {
            "product": self.stock.deal.product.code, "subscription": self.subscription, "tier": "", "starts_on": None,
            "term_months": None, "amount_off": 0, "description": "Something of its own",
        }  # fmt: skip
        line.update({name: value for name, value in real.items() if name in line})


def operations(app: Flask) -> Iterator[APIOperation]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for result in schema.get_all_operations():
        yield result.ok()


def send_everything(app: Flask, crm: Program, stock: Stock, examples: int) -> dict[str, set[int]]:
    """The statuses that each operation gave."""
    aim, seen = Aim(crm, stock), {}
    for operation in operations(app):
        statuses = seen.setdefault(operation.label, set())
        for mode in MODES:
            _send(operation, mode, aim, statuses, examples)
    return seen


def _send(operation: APIOperation, mode: GenerationMode, aim: Aim, statuses: set[int], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 100,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if data.draw(st.integers(0, 4)):  # mostly, or a run of few examples reaches nothing now and then
            aim.at(case, data.draw)
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {aim.crm.secret}"}
        answer = case.call()
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    try_one()


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LIMIT", Window("api", 10**9, timedelta(minutes=1)))


@pytest.mark.usefixtures("unlimited")
def test_every_answer_is_a_documented_one(app: Flask, crm: Program, stock: Stock) -> None:
    seen = send_everything(app, crm, stock, examples=7)
    assert len(seen) == 17
    for label, statuses in seen.items():
        assert statuses & {200, 201, 202}, f"{label} was never reached: {statuses}"


@pytest.mark.prove
@pytest.mark.usefixtures("unlimited")
def test_every_answer_is_a_documented_one_however_long_one_tries(app: Flask, crm: Program, stock: Stock) -> None:
    for _ in range(20):
        make.draft(stock.deal)
    seen = send_everything(app, crm, stock, examples=150)
    for label, statuses in sorted(seen.items()):
        print(f"{label}: {sorted(statuses)}")
