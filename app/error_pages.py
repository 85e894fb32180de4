"""Refusals and errors as pages: what happened, what is safe, what next. Only our own faults are answered with 500."""

from flask import Flask, current_app, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.wrappers import Response

from billing_core import words
from billing_core.errors import Refusal, TooMany

PAGES = {400, 403, 404, 405, 409, 413, 429, 500, 503}


def install(app: Flask) -> None:
    """Answer each kind of error with its page."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)


def _page(status: int, sentence: str) -> Response:
    known = status if status in PAGES else (400 if status < 500 else 500)
    return make_response(render_template(f"errors/{known}.html", sentence=sentence), status)


def _refused(refusal: Refusal) -> Response:
    response = _page(refusal.status, words.sentence(refusal))
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _stale_form(_error: CSRFError) -> Response:
    return _page(
        400, words.gettext("This page was open for too long. Go back, load it again and repeat your last step.")
    )


def _http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    if isinstance(error, SecurityError):  # a page cannot be made: no address of ours begins with this host
        return Response(words.gettext("This portal has another address.") + "\n", 400, mimetype="text/plain")
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        current_app.logger.error("unhandled fault", exc_info=error.original_exception)
    response = _page(error.code or 500, "")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response
