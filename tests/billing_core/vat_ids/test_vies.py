"""VIES as it answers, as it fails, and as somebody would answer who means us harm: a tiny server on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import HTTPHandler

import pytest

from billing_core.vat_ids.register import Answer, Question, Unavailable
from billing_core.vat_ids.stand_in import StandInRegister
from billing_core.vat_ids.vies import ENDPOINT, LARGEST, ViesRegister, opener, read_answer

ASKED = Question("ATU57194903", "DE136695976")
KNOWN = {
    "countryCode": "AT", "vatNumber": "U57194903", "requestDate": "2026-11-22T10:00:00.000Z", "valid": True,
    "requestIdentifier": "WAPIAAAAY1", "name": "Alpen AG", "address": "Ring 1\nAT-1010 Wien",
}  # fmt: skip


def errors(code: str) -> dict[str, Any]:
    return {"actionSucceed": False, "errorWrappers": [{"error": code}]}


class Server(ThreadingHTTPServer):
    """Answers in turn with (status, headers, body); keeps what it was asked."""

    def __init__(self, *answers: Any, pause: float = 0.0) -> None:
        self.answers, self.pause, self.asked = list(answers), pause, list[Any]()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """One answer a request."""

    server: Server

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            for place in range(0, len(body), 8192) if not self.server.pause else range(len(body)):
                self.wfile.write(body[place : place + (1 if self.server.pause else 8192)])
                time.sleep(self.server.pause)
        except OSError:
            pass  # the reader has had enough

    do_GET = do_POST  # noqa: N815 - named by the library

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
        """Nothing."""


@contextmanager
def vies(*answers: Any, pause: float = 0.0, timeout: float = 5.0) -> Iterator[tuple[ViesRegister, Server]]:
    with Server(*answers, pause=pause) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ViesRegister(f"http://127.0.0.1:{server.server_port}/", opener(HTTPHandler()), timeout), server
        finally:
            server.shutdown()
            thread.join()


def trouble(*answers: Any, **how: Any) -> str:
    with vies(*answers, **how) as (register, _), pytest.raises(Unavailable) as raised:
        register.ask(ASKED)
    return raised.value.code


def test_the_number_and_the_seller_are_asked_and_the_answer_is_kept() -> None:
    with vies(KNOWN) as (register, server):
        assert register.ask(ASKED) == Answer(True, "Alpen AG", "Ring 1, AT-1010 Wien", "WAPIAAAAY1")
    assert server.asked == [
        {
            "countryCode": "AT",
            "vatNumber": "U57194903",
            "requesterMemberStateCode": "DE",
            "requesterNumber": "136695976",
        }
    ]
    with vies(KNOWN | {"valid": False, "name": "---"}) as (register, _):
        assert register.ask(Question("ATU57194903")) == Answer(is_known=False)


def test_a_seller_that_vies_does_not_take_is_left_out() -> None:
    with vies(errors("INVALID_REQUESTER_INFO"), KNOWN) as (register, server):
        assert register.ask(ASKED).is_known
    assert "requesterNumber" not in server.asked[1]
    with vies(errors("INVALID_REQUESTER_INFO")) as (register, server), pytest.raises(Unavailable):
        register.ask(ASKED)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "code",
    ["MS_UNAVAILABLE", "MS_MAX_CONCURRENT_REQ", "GLOBAL_MAX_CONCURRENT_REQ", "TIMEOUT", "SERVICE_UNAVAILABLE", "NEW"],
)
def test_an_error_says_nothing_about_the_number(code: str) -> None:
    assert trouble(errors(code)) == code
    assert trouble((500, {}, errors(code))) == code


def test_a_number_that_vies_calls_impossible_does_not_exist() -> None:
    assert read_answer(json.dumps(errors("INVALID_INPUT")).encode(), "ATU57194903") == Answer(is_known=False)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"null", b"[]", b"true", b"\xff", b"[" * 50_000, {}, {"valid": True},
        KNOWN | {"valid": "true"}, KNOWN | {"valid": 1}, KNOWN | {"valid": None}, KNOWN | {"vatNumber": "U13585627"},
        KNOWN | {"vatNumber": None}, KNOWN | {"countryCode": "DE"}, KNOWN | {"userError": "MS_UNAVAILABLE"},
        KNOWN | {"userError": "INVALID"}, KNOWN | {"valid": False, "userError": "TIMEOUT"},
    ],
)  # fmt: skip
def test_what_is_no_clear_answer_about_this_number_is_none(body: Any) -> None:
    with pytest.raises(Unavailable, match="ODD_ANSWER"):
        read_answer(body if isinstance(body, bytes) else json.dumps(body).encode(), "ATU57194903")


@pytest.mark.parametrize("wrappers", [[], [{}], [None], ["X"], [{"error": 5}], [{"error": "a<b>"}], {"error": "X"}])
def test_odd_errors_confirm_nothing(wrappers: Any) -> None:
    with pytest.raises(Unavailable, match="ODD_ANSWER"):
        read_answer(json.dumps({"errorWrappers": wrappers}).encode(), "ATU57194903")


def test_what_is_kept_of_a_name_is_short_and_can_be_read() -> None:
    told = {"name": "A\x00\u202eB" * 300, "address": "- - -", "requestIdentifier": "<script>"}
    found = read_answer(json.dumps(KNOWN | told).encode(), "ATU57194903")
    assert len(found.name) <= 200
    assert found.name.startswith("A B")
    assert (found.address, found.consultation) == ("", "")


def test_a_huge_answer_is_not_read_to_its_end() -> None:
    assert trouble(b'{"name": "' + b"x" * LARGEST + b'"}') == "ANSWER_TOO_LARGE"


def test_a_redirect_is_not_followed() -> None:
    with vies(KNOWN) as (_, elsewhere):
        there = {"Location": f"http://127.0.0.1:{elsewhere.server_port}/"}
        for status in (301, 302, 303, 307, 308):
            assert trouble((status, there, b"")) == f"HTTP_{status}"
        assert not elsewhere.asked


@pytest.mark.parametrize("status", [201, 204, 206, 400, 403, 404, 429, 503])
def test_only_an_answer_of_200_confirms(status: int) -> None:
    assert trouble((status, {}, b"" if status == 204 else KNOWN)) == f"HTTP_{status}"


def test_a_slow_answer_is_given_up() -> None:
    assert trouble(KNOWN, pause=0.02, timeout=0.3) == "NO_ANSWER_IN_TIME"
    assert trouble(KNOWN, pause=0.5, timeout=0.1) == "NO_ANSWER_IN_TIME"


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(Unavailable, match="NO_CONNECTION"):
        ViesRegister("http://127.0.0.1:9/", opener(HTTPHandler()), 1.0).ask(ASKED)


def test_nothing_but_https_is_spoken() -> None:
    assert ENDPOINT.startswith("https://")
    for address in ("http://127.0.0.1:9/", "file:///etc/passwd", "ftp://127.0.0.1/"):
        with pytest.raises(Unavailable, match="NO_CONNECTION"):
            ViesRegister(address).ask(ASKED)


def test_the_stand_in_answers_by_the_last_figure_and_refuses_production() -> None:
    stand_in = StandInRegister(production=False)
    assert stand_in.ask(Question("NL004495445B01")).is_known
    assert not stand_in.ask(Question("DE000000009")).is_known
    with pytest.raises(Unavailable):
        stand_in.ask(Question("DE000000008"))
    with pytest.raises(RuntimeError, match="production"):
        StandInRegister(production=True)
