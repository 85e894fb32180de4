"""The way from the official SDK into the sandbox: an HTTP client that calls a WSGI application in this process."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import stripe
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from stripe_sandbox.api import IN_PROCESS, NO_ANSWER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class SandboxHTTPClient(stripe.HTTPClient):
    """Neither a port nor a network. A call that the sandbox lets time out raises `stripe.APIConnectionError`."""

    name = "stripe_sandbox"

    def __init__(self, application: "WSGIApplication") -> None:
        super().__init__()
        self._application = application

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
            response = Response.from_app(self._application, builder.get_environ(), buffered=True)
        finally:
            builder.close()
        if NO_ANSWER in response.headers:
            raise _no_answer()
        # Werkzeug's headers ignore case, which the SDK relies on, and else do what a mapping of strings does.
        return response.get_data(as_text=True), response.status_code, cast(Mapping[str, str], response.headers)

    def close(self) -> None:
        """There is nothing to close."""


def _no_answer() -> stripe.APIConnectionError:
    """What the SDK's own clients raise on a time-out: no answer, and worth a retry."""
    error: stripe.APIConnectionError = stripe.APIConnectionError(  # type: ignore[no-untyped-call]
        "The sandbox let this request time out.", should_retry=True
    )
    return error
