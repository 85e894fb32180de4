"""Everything that goes wrong under /api/v1 becomes one problem document (RFC 9457), whoever raises it."""

import re
from http import HTTPStatus

from flask import Response

from billing_core import words
from billing_core.errors import Invalid, NotFound, Refusal, TooMany
from billing_core.words import mark
from corporate_portal.api.refusals import Fault, Malformed, ScopeMissing, TokenRefused
from corporate_portal.api.schemas.told import Problem, ProblemFault

PROBLEM = "application/problem+json"
_TYPE = "urn:problem-type:billing-portal:"
_REALM = 'Bearer realm="Corporate Billing Portal"'

_SENTENCES = {
    404: NotFound.message,
    405: mark("This address does not take this method."),
    413: mark("This request is too large."),
    500: mark("Something went wrong here. It was written down, and nothing was changed."),
    503: mark("This is not available at the moment. Wait as long as Retry-After says and try again."),
}
_ELSE = mark("This request cannot be understood.")

_NAMES = {"offer": "product", "discount": "amount_off"}
"""Where a form's field has another name than the content's."""


def is_ours(path: str) -> bool:
    """Whether a path belongs to the interface, known or not."""
    return path == "/api" or path.startswith("/api/")


def of_refusal(refusal: Refusal) -> Response:
    """The domain's sentence under the domain's name."""
    name = refusal.code
    title = name.replace("-", " ").capitalize()
    faults = _faults(refusal)
    answer = _answer(refusal.status, _TYPE + name, title, words.sentence(refusal), faults)
    if isinstance(refusal, TooMany):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, TokenRefused):
        answer.headers["WWW-Authenticate"] = _REALM + (', error="invalid_token"' if refusal.was_given else "")
    if isinstance(refusal, ScopeMissing):
        scope = refusal.params["scope"]
        answer.headers["WWW-Authenticate"] = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    return answer


def of_status(status: int) -> Response:
    """What the web itself refuses, or our own fault: it has no name but its status."""
    known = HTTPStatus(status)
    return _answer(status, "about:blank", known.phrase, words.gettext(_SENTENCES.get(status, _ELSE)), [])


def _answer(status: int, kind: str, title: str, detail: str, faults: list[ProblemFault]) -> Response:
    problem = Problem(type=kind, title=title, status=status, detail=detail, errors=faults or None)
    answer = Response(problem.model_dump_json(exclude_none=True), status, mimetype=PROBLEM)
    answer.headers["Content-Language"] = words.locale()
    answer.vary.add("Accept-Language")
    return answer


def _faults(refusal: Refusal) -> list[ProblemFault]:
    if isinstance(refusal, Malformed):
        return [_told(fault) for fault in refusal.faults]
    if isinstance(refusal, Invalid) and refusal.field:
        return [ProblemFault(detail=words.sentence(refusal), pointer=_pointer(refusal.field), parameter=None)]
    return []


def _told(fault: Fault) -> ProblemFault:
    detail = words.gettext(fault.message, **fault.params)
    if fault.parameter:
        return ProblemFault(detail=detail, pointer=None, parameter=fault.parameter)
    return ProblemFault(detail=detail, pointer=fault.pointer, parameter=None)


def _pointer(field: str) -> str:
    """Where a field of the desk's form stands in the content."""
    in_line = re.fullmatch(r"lines-(\d+)-(\w+)", field)
    if in_line:
        return f"#/lines/{in_line[1]}/{_NAMES.get(in_line[2], in_line[2])}"
    return f"#/{_NAMES.get(field, field)}"
