"""The way from the official SDK into the sandbox: an HTTP client that calls a WSGI application in this process."""

from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import stripe
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from stripe_sandbox.api import IN_PROCESS, NO_ANSWER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class SandboxHTTPClient(stripe.HTTPClient):
    """Neither a port nor a network. A call that the sandbox lets time out raises `stripe.APIConnectionError`.

    So does one that takes longer than `timeout` seconds, where that is given: the call goes on without its caller, as
    behind a network. `close` waits for such calls.
    """

    name = "stripe_sandbox"

    def __init__(self, application: "WSGIApplication", timeout: float | None = None) -> None:
        super().__init__()
        self._application = application
        self._patience = timeout
        self._unheard: list[Thread] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        builder = EnvironBuilder(
            method=method.upper(),
            path=parts.path,
            query_string=parts.query,
            headers=Headers(headers or {}),
            data=post_data,
            environ_overrides={IN_PROCESS: True},
        )
        try:
            environ = builder.get_environ()
        finally:
            builder.close()
        response = self._answer(environ)
        if NO_ANSWER in response.headers:
            raise _no_answer()
        # Werkzeug's headers ignore case, which the SDK relies on, and else do what a mapping of strings does.
        return response.get_data(as_text=True), response.status_code, cast(Mapping[str, str], response.headers)

    def _answer(self, environ: "WSGIEnvironment") -> Response:
        if self._patience is None:
            return Response.from_app(self._application, environ, buffered=True)
        answers: list[Response] = []
        call = Thread(target=lambda: answers.append(Response.from_app(self._application, environ, buffered=True)))
        call.start()
        call.join(self._patience)
        if not answers:
            self._unheard.append(call)
            raise _no_answer()
        return answers[0]

    def close(self) -> None:
        """Wait until the calls that nobody listens to any more have come to their end."""
        while self._unheard:
            self._unheard.pop().join()


def _no_answer() -> stripe.APIConnectionError:
    """What the SDK's own clients raise on a time-out: no answer, and worth a retry."""
    error: stripe.APIConnectionError = stripe.APIConnectionError(  # type: ignore[no-untyped-call]
        "The sandbox let this request time out.", should_retry=True
    )
    return error
