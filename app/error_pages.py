"""Refusals and errors: what happened, what is safe, what next. Only our own faults are answered with 500.

A page for people, a problem document for programs.
"""

import sqlite3

from flask import Flask, current_app, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.wrappers import Response

from billing_core import words
from billing_core.errors import Refusal, TooMany
from billing_core.permissions import ProofNeeded
from billing_core.web import proof
from corporate_portal.api.views import problems

PAGES = {400, 403, 404, 405, 409, 413, 429, 500, 503}

TRY_AGAIN_AFTER = 30
"""Seconds, for a visitor who found the database busy or gone."""
_OUT_OF_REACH = ("locked", "busy", "unable to open", "disk i/o error", "full")
"""SQLite calls a fault of a statement operational too; its words tell the two apart."""


def install(app: Flask) -> None:
    """Answer each kind of error with its page."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(ProofNeeded, proof.ask)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(NoFreeConnection, _out_of_reach)


def _page(status: int, sentence: str) -> Response:
    if problems.is_ours(request.path):
        return problems.of_status(status)
    known = status if status in PAGES else (400 if status < 500 else 500)
    return make_response(render_template(f"errors/{known}.html", sentence=sentence), status)


def _refused(refusal: Refusal) -> Response:
    if problems.is_ours(request.path):
        return problems.of_refusal(refusal)
    response = _page(refusal.status, words.sentence(refusal))
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _stale_form(_error: CSRFError) -> Response:
    return _page(
        400, words.gettext("This page was open for too long. Go back, load it again and repeat your last step.")
    )


def _database_error(error: OperationalError) -> Response:
    """Busy, locked, in conflict with another transaction, or gone: try again later. Raises any other error again."""
    if isinstance(error.orig, sqlite3.Error) and not any(part in str(error.orig) for part in _OUT_OF_REACH):
        raise error
    return _out_of_reach(error)


def _out_of_reach(error: Exception) -> Response:
    """The page is made without the database: it knows nobody."""
    current_app.logger.warning("the database is busy or out of reach", exc_info=error)
    g.realm = None
    response = _page(503, "")
    response.headers["Retry-After"] = str(TRY_AGAIN_AFTER)
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    for_program = problems.is_ours(request.path)
    if isinstance(error, SecurityError) and not for_program:  # no page: no address of ours begins with this host
        return Response(words.gettext("This portal has another address.") + "\n", 400, mimetype="text/plain")
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        current_app.logger.error("unhandled fault", exc_info=error.original_exception)
        g.realm = None  # the fault may be in what the shells read about the viewer
    response = _page(error.code or 500, "")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response
