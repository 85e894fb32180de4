"""Stripe's way of saying no: an HTTP status and one `error` object (https://docs.stripe.com/api/errors)."""

from typing import Any

Json = dict[str, Any]


class SandboxInProduction(RuntimeError):
    """The sandbox takes no real money, so a production system must not start with it."""


class Refusal(Exception):
    """An answer in Stripe's error form.

    `kept` tells whether the answer is stored under the idempotency key. Stripe stores the answer of every call that
    began to execute and forgets those that failed validation or met a parallel call, so that these may be sent again.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.error: Json = {"type": kind, "message": message}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param

    @property
    def body(self) -> Json:
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """A request that fails validation: nothing has happened and nothing is stored under its key."""
    return Refusal(400, "invalid_request_error", message, code=code, param=param)


def not_possible(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """A well-formed request that the present state forbids; this answer is stored under its key."""
    return Refusal(400, "invalid_request_error", message, code=code, param=param, kept=True)


def missing(kind: str, identifier: str, param: str = "id", *, status: int = 404) -> Refusal:
    """No object with this id; 404 where the address names it, 400 where a parameter does."""
    name = "payment method" if kind == "payment_method" else kind
    return Refusal(
        status, "invalid_request_error", f"No such {name}: {identifier!r}", code="resource_missing", param=param
    )
