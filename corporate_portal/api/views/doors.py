"""The guard of the interface: a token, its scope and its rate. Below it the request is read by its documented form.

Cookies are not looked at: whoever is signed in in a browser is nobody here, so no form on another page can speak for
them, and there is no CSRF token to check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from pydantic import BaseModel
from spectree import Response as Described

from billing_core import db
from billing_core.web.guards import Guard
from corporate_portal.api import service
from corporate_portal.api.policy import Scope
from corporate_portal.api.refusals import ScopeMissing, TokenRefused
from corporate_portal.api.schemas.asked import Nothing, OnceHeaders, OnceSeenHeaders, SeenHeaders, UnlessHeaders
from corporate_portal.api.schemas.told import Problem
from corporate_portal.api.service import Caller
from corporate_portal.api.views import asking
from corporate_portal.api.views.blueprint import TOKEN, describer

View = Callable[..., Response]

ALWAYS = (400, 401, 403, 406, 429, 500, 503)
"""What can happen to any request."""
PDF = "application/pdf"


@dataclass(frozen=True)
class Operation:
    """How an operation is asked and answered. `answer` None: a PDF. `problems` are those beside ALWAYS.

    once: a POST under a key. seen: a change of what was read, named by its tag. tagged: a GET that may know it already.
    """

    scope: Scope
    answer: type[BaseModel] | None
    tag: str
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    once: bool = False
    seen: bool = False
    tagged: bool = False
    problems: tuple[int, ...] = ()

    @property
    def headers(self) -> type[BaseModel] | None:
        """The documented headers of the request."""
        if self.once:
            return OnceSeenHeaders if self.seen else OnceHeaders
        if self.seen:
            return SeenHeaders
        return UnlessHeaders if self.tagged else None

    @property
    def refused(self) -> set[int]:
        """The statuses of its problems."""
        content = {413} if self.once or self.body else set()
        of_type = {415} if self.body else set()
        conditions = {412, 428} if self.seen else set()
        return {*ALWAYS, *self.problems, *content, *of_type, *conditions}


def operation(facts: Operation) -> Callable[[View], View]:
    """Guard a view, read its request, and write it into the document. `body` and `query` are given to the view."""

    def put_below(view: View) -> View:
        @wraps(_described(facts, view))
        def guarded(*args: Any, **kwargs: Any) -> Response:
            g.realm = None
            g.caller = _admitted(facts.scope)
            asking.refuse_unless_acceptable(PDF if facts.answer is None else asking.JSON)
            if facts.once:
                asking.idempotency_key()
            if facts.seen:
                asking.refuse_unless_named()
            asked = asking.parameters(facts.query or Nothing)
            if facts.query is not None:
                kwargs["query"] = asked
            if facts.body is not None:
                kwargs["body"] = asking.content(facts.body)
            elif facts.once:
                asking.refuse_content()
            return view(*args, **kwargs)

        guarded.guard = Guard(None, scope=facts.scope.value)  # type: ignore[attr-defined]
        guarded.operation = facts  # type: ignore[attr-defined]
        return guarded

    return put_below


def _described(facts: Operation, view: View) -> View:
    told = {f"HTTP_{status}": Problem for status in sorted(facts.refused)}
    answers: dict[str, Any] = {f"HTTP_{facts.status}": facts.answer, **told}
    if facts.answer is None:
        answers["HTTP_202"] = (None, "It is being printed. Ask again after Retry-After seconds.")
    if facts.tagged:
        answers["HTTP_304"] = (None, HTTPStatus(304).phrase)
    describe = describer.validate(
        query=facts.query,
        json=facts.body,
        headers=facts.headers,
        resp=Described(**answers),
        tags=(facts.tag,),
        security={TOKEN: []},
        operation_id=view.__name__,
        skip_validation=True,
    )
    described: View = describe(view)
    return described


def caller() -> Caller:
    """The program that this request comes from."""
    found: Caller = g.caller
    return found


def _admitted(scope: Scope) -> Caller:
    """Raises TokenRefused, TooMany and ScopeMissing, in this order: an unknown token writes nothing."""
    given = request.authorization
    token = given.token if given is not None and given.type == "bearer" else None
    if not token:
        raise TokenRefused
    with db.reading():
        found = service.caller_of(token)
    if found is None:
        raise TokenRefused(was_given=True)
    service.refuse_if_too_many(db.perform(service.count_request, found))
    if scope not in found.scopes:
        raise ScopeMissing(scope=scope.value)
    return found
