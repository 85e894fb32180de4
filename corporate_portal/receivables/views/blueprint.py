"""The room of receivables on the web, and the files that it hands out."""

from collections.abc import Iterable

from flask import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

receivables = Blueprint("receivables", __name__)

Answer = str | Response | Redirect | tuple[str, int]


def file(parts: Iterable[str], name: str) -> Response:
    """A CSV file that nobody keeps on the way."""
    answer = Response(parts, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
