"""The OpenAPI document: drawn by the describer, completed with what it has no words for."""

import json
from copy import deepcopy
from functools import cache
from typing import Any

from flask import Response, current_app

from billing_core.web.guards import public_page
from corporate_portal.api.views.asking import JSON
from corporate_portal.api.views.blueprint import api, describer
from corporate_portal.api.views.doors import PDF, Operation
from corporate_portal.api.views.problems import PROBLEM

_TEXT = {"type": "string"}
_HEADERS: dict[str, dict[str, Any]] = {
    "WWW-Authenticate": {"description": "What a token has to be.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "ETag": {"description": "What this says, as one word.", "schema": _TEXT},
    "Location": {"description": "The address of what was made.", "schema": _TEXT},
    "Link": {"description": 'The next page, as rel="next"; absent on the last one.', "schema": _TEXT},
}
_ALWAYS_SENT = {401: ("WWW-Authenticate",), 403: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


@api.get("/openapi.json")
@public_page()
def openapi() -> Response:
    """This document"""
    return Response(_document(), mimetype=JSON)


@cache
def _document() -> bytes:
    """The same for every application: it tells of routes alone."""
    drawn = deepcopy(describer.spec)
    for rule in current_app.url_map.iter_rules():
        operation: Operation | None = getattr(current_app.view_functions[rule.endpoint], "operation", None)
        if operation is None:
            continue
        path = rule.rule.replace("<string:", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            _complete(drawn["paths"][path][method.lower()], operation, method)
    return json.dumps(drawn, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _complete(described: dict[str, Any], operation: Operation, method: str) -> None:
    described["description"] = f"{described['description']}\n\nScope: `{operation.scope}`.".strip()
    for status, answer in described["responses"].items():
        number = int(status)
        if number >= 400:
            answer["content"] = {PROBLEM: answer["content"][JSON]}
        if number == 200 and operation.answer is None:
            answer["content"] = {PDF: {"schema": {"type": "string", "format": "binary"}}}
        names = _header_names(number, operation, method)
        if names:
            answer["headers"] = {name: _HEADERS[name] for name in names}


def _header_names(status: int, operation: Operation, method: str) -> tuple[str, ...]:
    if status >= 400:
        return _ALWAYS_SENT.get(status, ())
    if status == 202:
        return ("Retry-After",)
    if status == 201:
        return ("ETag", "Location")
    if status == 304 or operation.tagged or method != "GET":
        return ("ETag",)
    return ("Link",) if operation.query is not None else ()
