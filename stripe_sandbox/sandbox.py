"""The sandbox as its host sees it."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from stripe_sandbox import disputes, outbox, refunds, sessions
from stripe_sandbox.api import Api
from stripe_sandbox.errors import SandboxInProduction
from stripe_sandbox.faults import Faults
from stripe_sandbox.http_client import SandboxHTTPClient
from stripe_sandbox.outbox import PendingDelivery, Post
from stripe_sandbox.pages import Pages
from stripe_sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Sandbox:
    """A processor that speaks Stripe's wire, keeps its own SQLite file and takes no money.

    Several sandboxes, in as many processes and threads as one likes, may stand on the same file. `webhook_secret` signs
    the webhooks. `base_path` is where the host mounts `wsgi`: a whole address, or a path on the host of each session's
    success_url. `merchant` is the name that the hosted page shows unless a session brings its own. `api_key` admits
    callers from the network; without it none are admitted, and callers in this process may use any test key. `clock`
    gives seconds since the epoch. Raises `SandboxInProduction` when told that this is a production system.
    """

    def __init__(
        self,
        path: Path,
        *,
        webhook_secret: str,
        base_path: str = "/sandbox",
        merchant: str = "Sandbox",
        api_key: str | None = None,
        production: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if production:
            raise SandboxInProduction("The payment sandbox takes no real money and must not run in production.")
        if not webhook_secret.strip():
            raise ValueError("The sandbox signs its webhooks and needs a secret for it.")
        self._secret = webhook_secret
        self._store = Store(path, clock)
        self._api = Api(self._store, base_path.rstrip("/"), api_key)
        self._pages = Pages(self._store, merchant)
        self.faults = Faults(self._store, self._api.calls)

    def wsgi(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The application to mount at `base_path`: the hosted pages, and the API under /v1."""
        request = Request(environ)
        response = self._api(request) if request.path.startswith("/v1/") else self._pages(request)
        return response(environ, start_response)

    def http_client(self, timeout: float | None = None) -> SandboxHTTPClient:
        """What `stripe.StripeClient(key, http_client=...)` takes, so that the SDK talks to this sandbox in-process.

        With `timeout` the client gives up a call after so many seconds; without it, it waits for ever.
        """
        return SandboxHTTPClient(self.wsgi, timeout)

    def dispute(self, payment_intent: str, *, inquiry: bool = False, amount: int | None = None) -> str:
        """Lets the bank of the cardholder dispute a charge, or only ask about it; returns the id of the dispute."""
        with self._store.writing() as unit:
            charge = unit.get(unit.get(payment_intent, "payment_intent")["latest_charge"], "charge")
            identifier: str = disputes.open_dispute(unit, charge, inquiry=inquiry, amount=amount)["id"]
            return identifier

    def escalate(self, dispute: str) -> None:
        """Lets the bank take back the money that it has only asked about so far."""
        with self._store.writing() as unit:
            disputes.escalate(unit, unit.get(dispute, "dispute"))

    def pending_deliveries(self) -> list[PendingDelivery]:
        """The webhooks that their receiver has not confirmed, in the order in which they fall due."""
        return outbox.pending(self._store)

    def deliver_due(self, post: Post) -> int:
        """Hands each webhook that is due to `post(payload, signature header)`, which returns an HTTP status.

        Returns how many were answered with 2xx; the others come again after a pause that doubles from 5 seconds up to
        an hour, for as long as it takes. No lock and no transaction is held while `post` runs. Sessions whose time is
        over are ended first, and refunds that take a while, so that their webhooks come without anyone asking.
        """
        sessions.expire_due(self._store)
        refunds.finish_due(self._store)
        return outbox.deliver_due(self._store, self._secret, post)
