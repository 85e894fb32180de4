"""The named refusals of the interface itself; those of quotes and invoices are the domain's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from billing_core.errors import Refusal
from billing_core.words import mark


class TokenRefused(Refusal):
    """No token, or none that is known, in force and not revoked: one answer for all of these."""

    status = 401
    message = mark("Send a token that is in force: Authorization: Bearer, a space, and the token.")

    def __init__(self, *, was_given: bool = False) -> None:
        super().__init__()
        self.was_given = was_given


class ScopeMissing(Refusal):
    """The token is in force but not for this."""

    status = 403
    message = mark("This token lacks the scope %(scope)s.")


class KeyMissing(Refusal):
    """A POST without a usable idempotency key: it could not be sent again safely."""

    status = 400
    message = mark("Send an Idempotency-Key of 1 to 120 visible ASCII characters, a new one for each thing to be done.")


class KeyReused(Refusal):
    """The key belongs to another request."""

    message = mark("This Idempotency-Key was used for another request. Nothing was changed: use a new one.")


class VersionNotNamed(Refusal):
    """A change without a word about what was seen before."""

    status = 428
    message = mark("Read the quote first and send its ETag as If-Match, so that nobody's change is lost.")


class VersionStale(Refusal):
    """Somebody, or time, changed the quote after it was read."""

    status = 412
    message = mark("This quote has changed since you read it. Nothing was changed: read it again first.")


class NotJson(Refusal):
    """The content is of another type."""

    status = 415
    message = mark("Send the content as application/json.")


class NothingAcceptable(Refusal):
    """The Accept header leaves out what there is."""

    status = 406
    message = mark("This is given as %(type)s only.")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: where it stands, and a message id with its parameters.

    `pointer` is a JSON pointer into the content, `parameter` the name of a query parameter; one of them is empty.
    """

    message: str
    params: dict[str, Any] = field(default_factory=dict)
    pointer: str = ""
    parameter: str = ""


class Malformed(Refusal):
    """Content or parameters that do not have the documented form."""

    status = 400
    message = mark("The request does not have the documented form.")

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)
