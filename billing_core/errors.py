"""Refusals in the words of the domain: each becomes one sentence and one status, for the page and for the API alike.

A refusal carries a message id with parameters, never finished text: the reader's language is known only at the edge
(`billing_core.words.sentence`). Raising one inside `db.perform` rolls the whole verb back, so a refusal writes nothing.
"""

from typing import Any


class Refusal(Exception):
    """A request that the rules do not allow. `message` is an English msgid with %(name)s places for `params`."""

    status = 409
    message = "This is not possible at the moment."

    def __init__(self, message: str | None = None, **params: Any) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message
        self.params = params

    @property
    def code(self) -> str:
        """The refusal's name for programs: QuoteExpired becomes quote-expired."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-")


class NotFound(Refusal):
    """No such object for this viewer; another account's object is no different from none (domain.md 4, ASVS 8.2.2)."""

    status = 404
    message = "There is nothing at this address, or it belongs to another account."


class NotAllowed(Refusal):
    """The viewer sees the object but lacks the right for the deed."""

    status = 403
    message = "You do not have the right to do this. Ask a billing contact of your account who has it."


class Invalid(Refusal):
    """One or several fields that cannot be taken; `fields` maps a form field to its sentence (msgid, params)."""

    status = 400
    message = "Please check the marked fields."

    def __init__(self, message: str | None = None, field: str | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.field = field


class TooMany(Refusal):
    """A throttle; `retry_after` is in seconds."""

    status = 429
    message = "Too many attempts. Please wait a little and try again."

    def __init__(self, message: str | None = None, retry_after: int = 60, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after
