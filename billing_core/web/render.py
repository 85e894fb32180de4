"""The three answers of a view: a page, a redirect, and a word for the next page."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from billing_core import words


def page(template: str, **context: Any) -> str:
    """A whole page. Called inside `db.reading()`, so that the transaction ends before the first byte leaves."""
    return render_template(template, **context)


def see(endpoint: str, **values: Any) -> Response:
    """Where a POST leads (303, so that a reload repeats nothing)."""
    return redirect(url_for(endpoint, **values), 303)


def tell(kind: str, message: str, **params: Any) -> None:
    """A sentence for the next page. kind: info, success, warning or error."""
    flash(words.gettext(message, **params), kind)
