"""Reading a request by its documented form: content, parameters and headers. What is wrong is said field by field."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from billing_core.words import mark
from corporate_portal.api.refusals import (
    Fault,
    KeyMissing,
    Malformed,
    NothingAcceptable,
    NotJson,
    VersionNotNamed,
    VersionStale,
)

M = TypeVar("M", bound=BaseModel)
JSON = "application/json"

_SENTENCES = {
    "missing": mark("This is needed."),
    "extra_forbidden": mark("There is no such field."),
    "json_invalid": mark("This is not JSON."),
    "string_type": mark("Write this as text."),
    "string_too_long": mark("Use at most %(max_length)s characters."),
    "string_too_short": mark("This is needed."),
    "too_long": mark("Give at most %(max_length)s of these."),
    "too_short": mark("Give at least one of these."),
    "int_type": mark("Give a whole number."),
    "int_from_float": mark("Give a whole number."),
    "greater_than_equal": mark("Give a number from %(ge)s on."),
    "less_than_equal": mark("Give a number up to %(le)s."),
    "bool_type": mark("Give true or false."),
    "literal_error": mark("Give one of: %(expected)s."),
    "union_tag_invalid": mark("Give one of: %(expected_tags)s."),
    "union_tag_not_found": mark("Say with `effect` what the line does."),
    "date_type": mark("Give a day as in 2026-03-31."),
    "date_parsing": mark("Give a day as in 2026-03-31."),
    "date_from_datetime_parsing": mark("Give a day as in 2026-03-31."),
}
_ELSE = mark("This does not have the documented form.")
_NO_CONTENT = mark("This takes no content.")
_DOUBLED = mark("Give this once.")


def content(model: type[M]) -> M:
    """The JSON of the request. Raises NotJson and Malformed."""
    if request.mimetype != JSON:
        raise NotJson
    try:
        return model.model_validate_json(request.get_data(), strict=True)
    except ValidationError as wrong:
        raise Malformed([_in_content(error) for error in wrong.errors(include_url=False)]) from None


def refuse_content() -> None:
    """Raise Malformed where a request says something that nobody would read; an empty object says nothing."""
    if request.get_data().strip() not in (b"", b"{}"):
        raise Malformed([Fault(_NO_CONTENT, pointer="#")])


def parameters(model: type[M]) -> M:
    """What stands behind the question mark. Raises Malformed."""
    doubled = [Fault(_DOUBLED, parameter=name) for name, values in request.args.lists() if len(values) > 1]
    if doubled:
        raise Malformed(doubled)
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as wrong:
        raise Malformed([_in_parameters(error) for error in wrong.errors(include_url=False)]) from None


def idempotency_key() -> str:
    """The key of a POST. Raises KeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch("[!-~]{1,120}", key):
        raise KeyMissing
    return key


def refuse_unless_named() -> None:
    """Raise VersionNotNamed where the request does not say which version was seen."""
    if not request.headers.get("If-Match", "").strip():
        raise VersionNotNamed


def refuse_unless_seen(etag: str) -> None:
    """Raise VersionStale where the version that was seen is not the one that this is the tag of."""
    if not request.if_match.contains(etag):
        raise VersionStale


def refuse_unless_acceptable(media_type: str) -> None:
    """Raise NothingAcceptable where the Accept header leaves the type out."""
    if request.accept_mimetypes.provided and not request.accept_mimetypes[media_type]:
        raise NothingAcceptable(type=media_type)


def _in_content(error: Any) -> Fault:
    message, params = _said(error)
    return Fault(message, params, pointer="#" + "".join(f"/{part}" for part in _place(error["loc"])))


def _in_parameters(error: Any) -> Fault:
    message, params = _said(error)
    return Fault(message, params, parameter=str(error["loc"][0]) if error["loc"] else "")


def _said(error: Any) -> tuple[str, dict[str, Any]]:
    return _SENTENCES.get(error["type"], _ELSE), dict(error.get("ctx") or {})


def _place(loc: Sequence[str | int]) -> list[str]:
    """Where it stands, without the kind of line that the checker puts behind a line's number."""
    parts = [str(part) for part in loc]
    if len(parts) > 2 and parts[0] == "lines":
        del parts[2]
    return [part.replace("~", "~0").replace("/", "~1") for part in parts]
