"""From what is told to an answer: JSON, a page of a list, a stored document."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import quote

from flask import Response, request
from pydantic import BaseModel

from billing_core import db
from billing_core.db.keyset import Slice
from billing_core.documents.service import Content
from corporate_portal.api.schemas.asked import Page
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.service import Reply, answer_once
from corporate_portal.api.views import asking
from corporate_portal.api.views.doors import caller

LOOK_AGAIN = "3"
"""Seconds after which a document that is being printed is probably there."""

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


def told(content: BaseModel) -> Response:
    """The content as it stands in the document."""
    return Response(content.model_dump_json(), mimetype=asking.JSON)


def page(listed: type[Listed[T]], rows: Slice[R], tell: Callable[[R], T], wanted: Page) -> Response:
    """A page of a list, with the address of the next one where there is one."""
    answer = told(listed(data=[tell(row) for row in rows.rows], next=rows.following))
    if rows.following is not None:
        answer.headers["Link"] = f'<{_address(wanted, rows.following)}>; rel="next"'
    return answer


def _address(wanted: Page, after: str) -> str:
    given = request.args.to_dict() | {"after": after, "limit": str(wanted.limit)}
    return request.path + "?" + "&".join(f"{name}={quote(value)}" for name, value in given.items())


def tagged(content: BaseModel, status: int = 200, **headers: str) -> Reply:
    """An answer that carries the hash of what it says: whoever sends that back has seen exactly this."""
    body = content.model_dump_json().encode()
    return Reply(status, body, {"ETag": f'"{tag_of(body)}"', **headers})


def tag_of(body: bytes) -> str:
    """What stands between the quotation marks of an ETag."""
    return hashlib.sha256(body).hexdigest()[:32]


def sent(reply: Reply) -> Response:
    """The reply on the wire; nothing but a 304 where a GET knows it already."""
    tag = reply.headers.get("ETag", "").strip('"')
    if request.method == "GET" and tag and request.if_none_match.contains_weak(tag):
        return Response(status=304, headers={"ETag": reply.headers["ETag"]})
    return Response(reply.body, reply.status, reply.headers, mimetype=asking.JSON)


def once(verb: Callable[[], Reply]) -> Response:
    """Do the verb under the request's key and give its answer, or the one that it was given before.

    What was asked is method, address, the version that was seen, and the content.
    """
    asked = (request.method, request.path, request.headers.get("If-Match", ""), request.get_data())
    digest = hashlib.sha256(b"\0".join(_bytes(asked))).hexdigest()
    return sent(db.perform(answer_once, caller(), asking.idempotency_key(), digest, verb))


def _bytes(parts: Iterable[str | bytes]) -> Iterable[bytes]:
    return (part if isinstance(part, bytes) else part.encode("utf-8", "replace") for part in parts)


def stored(content: Content | None) -> Response:
    """A document's bytes under their name; nothing yet, with 202, while the worker prints it."""
    if content is None:
        waiting = Response(status=202, headers={"Retry-After": LOOK_AGAIN})
        waiting.headers.remove("Content-Type")
        return waiting
    if request.if_none_match.contains_weak(content.sha256):
        return Response(status=304, headers={"ETag": f'"{content.sha256}"'})
    answer = Response(content.data, mimetype=content.media_type)
    answer.headers["ETag"] = f'"{content.sha256}"'
    answer.headers.set("Content-Disposition", "attachment", filename=content.filename)
    return answer
