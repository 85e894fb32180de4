"""VIES, the EU's own register, by its REST interface. Nothing of its answer is believed that was not asked for."""

import http.client
import json
import re
import time
import unicodedata
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from billing_core.vat_ids.register import Answer, Question, Unavailable

ENDPOINT = "https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number"
TIMEOUT = 10.0
"""Seconds for the whole answer; VIES itself waits for the member state, so it is seldom quick."""
LARGEST = 64 * 1024
"""Bytes of an answer; a real one has less than one thousand."""

_NO_SUCH_NUMBER = "INVALID_INPUT"
_BAD_REQUESTER = "INVALID_REQUESTER_INFO"
_SILENT = re.compile(r"[-\s]*")


def opener(*more: BaseHandler) -> OpenerDirector:
    """What speaks https and nothing else, follows no redirect, keeps no cookie; a proxy of the environment is used."""
    found = OpenerDirector()
    handlers = (ProxyHandler(), UnknownHandler(), HTTPSHandler(), HTTPErrorProcessor(), HTTPDefaultErrorHandler())
    for handler in (*handlers, *more):
        found.add_handler(handler)
    return found


class ViesRegister:
    """Asks VIES. Every fault of network, service or member state is Unavailable, and so is an answer that is odd."""

    name = "VIES"

    def __init__(
        self, endpoint: str = ENDPOINT, through: OpenerDirector | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._endpoint, self._opener, self._timeout = endpoint, through or opener(), timeout

    def ask(self, question: Question) -> Answer:
        """One request; a second one without the seller's own number if VIES refuses that. Raises Unavailable."""
        try:
            return self._ask(question)
        except Unavailable as trouble:
            if trouble.code != _BAD_REQUESTER or not question.requester:
                raise
        return self._ask(Question(question.vat_id))

    def _ask(self, question: Question) -> Answer:
        body = json.dumps(_asked(question)).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = Request(self._endpoint, body, headers, method="POST")  # noqa: S310 - the opener knows only https
        try:
            return read_answer(self._send(request), question.vat_id)
        except TimeoutError:
            raise Unavailable("NO_ANSWER_IN_TIME") from None
        except URLError as trouble:
            code = "NO_ANSWER_IN_TIME" if isinstance(trouble.reason, TimeoutError) else "NO_CONNECTION"
            raise Unavailable(code) from trouble
        except (OSError, http.client.HTTPException, ValueError) as trouble:
            raise Unavailable("NO_CONNECTION") from trouble

    def _send(self, request: Request) -> bytes:
        until = time.monotonic() + self._timeout
        try:
            response = self._opener.open(request, timeout=self._timeout)
        except HTTPError as refused:
            with refused:
                body = _read(refused, until)
            if not _code_of(body):
                raise Unavailable(f"HTTP_{refused.code}") from None
            return body
        with response:
            if response.status != 200:
                raise Unavailable(f"HTTP_{response.status}")
            return _read(response, until)


def _read(response: Any, until: float) -> bytes:
    """At most LARGEST bytes, and only until the time is over, however slowly they come. Raises Unavailable."""
    parts, size = [], 0
    while part := response.read1(8192):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise Unavailable("ANSWER_TOO_LARGE")
        if time.monotonic() > until:
            raise Unavailable("NO_ANSWER_IN_TIME")
    return b"".join(parts)


def _asked(question: Question) -> dict[str, str]:
    asked = {"countryCode": question.vat_id[:2], "vatNumber": question.vat_id[2:]}
    if question.requester:
        asked |= {"requesterMemberStateCode": question.requester[:2], "requesterNumber": question.requester[2:]}
    return asked


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _code_of(body: bytes) -> str:
    """The error that VIES names, in its own capitals; empty where there is none."""
    wrappers = _loaded(body).get("errorWrappers")
    first = wrappers[0] if isinstance(wrappers, list) and wrappers else None
    code = first.get("error") if isinstance(first, dict) else None
    return code if isinstance(code, str) and re.fullmatch("[A-Z_]{1,40}", code) else ""


def read_answer(body: bytes, vat_id: str) -> Answer:
    """What VIES said about just this number. Raises Unavailable for errors and for all that is no clear answer."""
    found, code = _loaded(body), _code_of(body)
    if code == _NO_SUCH_NUMBER:
        return Answer(is_known=False)
    if code:
        raise Unavailable(code)
    is_known, told = found.get("valid"), found.get("userError", "")
    if found.get("countryCode") != vat_id[:2] or _bare(found.get("vatNumber")) != vat_id[2:]:
        raise Unavailable("ODD_ANSWER")
    if not isinstance(is_known, bool) or told not in ("", None, "VALID" if is_known else "INVALID"):
        raise Unavailable("ODD_ANSWER")
    if not is_known:
        return Answer(is_known=False)
    number = found.get("requestIdentifier")
    consultation = number if isinstance(number, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", number) else ""
    return Answer(True, _text(found.get("name"), 200), _text(found.get("address"), 400), consultation)


def _bare(number: object) -> str:
    return re.sub(r"\s", "", number).upper() if isinstance(number, str) else ""


def _text(told: object, most: int) -> str:
    """What can be read, on one line; the dashes that stand for a secret are nothing."""
    if not isinstance(told, str) or _SILENT.fullmatch(told[:1000]):
        return ""
    seen = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in told[:1000].replace("\n", ", "))
    return " ".join(seen.split())[:most]
