"""The API under /v1: who calls, which call it is, its key, its effect, its answer."""

import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from stripe_sandbox import customers, disputes, events, idempotency, intents, refunds, sessions, setups
from stripe_sandbox.calls import Answer, Call, expand
from stripe_sandbox.errors import Json, Refusal
from stripe_sandbox.faults import Fault, Struck, strike
from stripe_sandbox.params import check, decode
from stripe_sandbox.store import Store, Unit, new_id

IN_PROCESS = "stripe_sandbox.in_process"
NO_ANSWER = "Sandbox-No-Answer"
TEST_KEY_PREFIXES = ("sk_test_", "rk_test_")
LARGEST_BODY = 1_000_000

log = logging.getLogger(__name__)


class Api:
    """Answers requests whose path starts with /v1.

    A caller in this process may use any test key. A caller over the network must show exactly `api_key`, and is refused
    where none is set: the mount is open to every browser.
    """

    def __init__(self, store: Store, base_path: str, api_key: str | None) -> None:
        self._store = store
        self._api_key = api_key
        self.calls: dict[str, Call] = {
            call.name: call
            for call in (
                *sessions.calls(base_path),
                *intents.calls(base_path),
                *setups.CALLS,
                *customers.CALLS,
                *refunds.CALLS,
                *disputes.CALLS,
                *events.CALLS,
            )
        }
        self._map = _map(tuple((call.path, name, call.method) for name, call in self.calls.items()))

    def __call__(self, request: Request) -> Response:
        request_id = new_id("req", 14)
        replayed, whole = False, True
        try:
            (status, body), replayed, whole = self._answer(request, request_id)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        except _NoAnswer:
            return Response(status=504, headers={NO_ANSWER: "1"})
        except Exception:
            log.exception("The sandbox failed in %s %s", request.method, request.path)
            status, body = server_error()
        text = json.dumps(body, indent=2)
        response = Response(text if whole else text[: len(text) // 2], status=status, mimetype="application/json")
        response.headers["Request-Id"] = request_id
        if key := request.headers.get("Idempotency-Key"):
            response.headers["Idempotency-Key"] = key
        if replayed:
            response.headers["Idempotent-Replayed"] = "true"
        if status >= 500 and key:
            # The same 500 may lie under the key, so asking again is in vain.
            response.headers["Stripe-Should-Retry"] = "false"
        return response

    def _answer(self, request: Request, request_id: str) -> tuple[Answer, bool, bool]:
        """The answer, whether it is a stored one, and whether it arrives whole."""
        self._authenticate(request)
        call, args = self._find(request)
        struck = strike(self._store, call.name)
        key = request.headers.get("Idempotency-Key") if call.method == "POST" else None
        if struck.fault is Fault.TIMES_OUT_BEFORE:
            raise _NoAnswer
        if struck.fault is Fault.RATE_LIMITED:
            raise Refusal(429, "invalid_request_error", "Too many requests came too quickly.", code="rate_limit")
        if struck.fault is Fault.IN_CONFLICT:
            raise idempotency.in_use(key or "none")
        source = request.form if call.method == "POST" else request.args
        raw = decode(source.items(multi=True))
        asked = _Asked(call, args, check(raw, call.shape, call.modelled), request_id, struck)
        sessions.expire_due(self._store)
        claimed = None
        if key:
            claimed = idempotency.claim(self._store, key, idempotency.fingerprint(call.method, request.path, raw))
        if struck.fault is Fault.SLOW:
            time.sleep(struck.seconds)
        if claimed is None or isinstance(claimed, idempotency.Claim):
            answer, replayed = self._look(asked) if call.method == "GET" else self._effect(asked, claimed), False
        else:
            answer, replayed = server_error() if struck.hides_the_answer else claimed, True
        if struck.fault is Fault.TIMES_OUT_AFTER:
            raise _NoAnswer
        return answer, replayed, struck.fault is not Fault.CUT_OFF

    def _look(self, asked: "_Asked") -> Answer:
        if asked.struck.hides_the_answer:
            return server_error()
        with self._store.reading() as unit:
            return self._run(unit, asked)

    def _effect(self, asked: "_Asked", mine: idempotency.Claim | None) -> Answer:
        """One transaction: the effect and the stored answer. A refusal undoes the effect; some refusals are stored."""
        refusal: Refusal | None = None
        with self._store.writing() as unit:
            unit.request_id = asked.request_id
            if mine is not None:
                unit.idempotency_key = mine.key
                idempotency.hold(unit, mine)
            unit.sql.execute("SAVEPOINT effect")
            try:
                struck_before = asked.struck.fault is Fault.SERVER_ERROR_BEFORE
                answer = server_error() if struck_before else self._run(unit, asked)
            except Refusal as raised:
                unit.sql.execute("ROLLBACK TO effect")
                refusal = raised
                answer = refusal.status, refusal.body
            except Exception:
                log.exception("The sandbox failed in %s", asked.call.name)
                unit.sql.execute("ROLLBACK TO effect")
                answer = server_error()
            if asked.struck.fault is Fault.SERVER_ERROR_AFTER:
                answer = server_error()
            unit.sql.execute("RELEASE effect")
            if mine is not None:
                if refusal is None or refusal.kept:
                    idempotency.keep(unit, mine, answer)
                else:
                    idempotency.forget(unit, mine)
        return answer

    def _run(self, unit: Unit, asked: "_Asked") -> Answer:
        status, body = asked.call.run(unit, asked.params, asked.args)
        if status == 200:
            expand(unit, body, asked.params.get("expand", []))
        return status, body

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refusal(401, "invalid_request_error", "You did not provide an API key in the Authorization header.")
        if request.environ.get(IN_PROCESS) and self._api_key is None:
            allowed = key.startswith(TEST_KEY_PREFIXES)
        else:
            allowed = self._api_key is not None and hmac.compare_digest(key.encode(), self._api_key.encode())
        if not allowed:
            raise Refusal(401, "invalid_request_error", "Invalid API key provided; the sandbox takes test keys only.")

    def _find(self, request: Request) -> tuple[Call, Mapping[str, str]]:
        if (request.content_length or 0) > LARGEST_BODY:
            raise Refusal(413, "invalid_request_error", "The request is too large.")
        adapter = self._map.bind("sandbox", path_info=request.path, default_method=request.method)
        try:
            name, args = adapter.match()
        except MethodNotAllowed:
            raise Refusal(405, "invalid_request_error", f"{request.method} is not possible here.") from None
        except HTTPException:
            raise Refusal(
                404, "invalid_request_error", f"Unrecognized request URL ({request.method}: {request.path})."
            ) from None
        return self.calls[name], args


@dataclass(frozen=True)
class _Asked:
    """A well-formed request, and what happens to it."""

    call: Call
    args: Mapping[str, str]
    params: Json
    request_id: str
    struck: Struck


class _NoAnswer(Exception):
    """The caller will never learn what became of its call."""


@cache
def _map(calls: tuple[tuple[str, str, str], ...]) -> Map:
    """Where each call (path, name, method) is asked for; sandboxes of one process share it."""
    rules = [Rule(f"/v1{path}", endpoint=name, methods=[method]) for path, name, method in calls]
    return Map(rules, redirect_defaults=False, merge_slashes=False)


def server_error() -> Answer:
    return 500, {"error": {"type": "api_error", "message": "An error occurred on the sandbox's end."}}
