"""The search at the desk with its file, and the histories that contacts open from a quote and an invoice."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for

from billing_core import clock, db, words
from billing_core.permissions import Viewer
from billing_core.web.guards import desk_page, portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page
from corporate_portal.trail import queries, showing
from corporate_portal.trail.forms import SearchForm
from corporate_portal.trail.queries import MAY_SEARCH, Told, Wanted

trail = Blueprint("trail", __name__)
quote_history = Blueprint("quote_history", __name__)
invoice_history = Blueprint("invoice_history", __name__)

Answer = str | Response | tuple[str, int]
AT_A_TIME = 400
FIELDS = ("account", "document", "person", "action", "first", "last")


@trail.get("/desk/audit")
@desk_page(*MAY_SEARCH)
def index() -> Answer:
    """What was searched for, the newest first; everything where nothing is."""
    form = SearchForm(request.args)
    is_fine = form.is_fine(showing.choices())
    after, before = request.args.get("after", ""), request.args.get("before", "")
    with db.reading():
        rows = queries.search(viewer(), form.wanted if is_fine else Wanted(), after, before)
        here, file = partial(_address, "trail.index"), _address("trail.csv")
        shown = page("trail/index.html", form=form, rows=rows, here=here, file=file, showing=showing)
    return shown if is_fine else (shown, 400)


def _address(endpoint: str, **place: Any) -> str:
    """A page with the same search."""
    kept: dict[str, Any] = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    return url_for(endpoint, **kept, **place)


@trail.get("/desk/audit.csv", endpoint="csv")
@desk_page(*MAY_SEARCH)
def as_file() -> Answer:
    """Everything that was searched for, with details and seals."""
    form = SearchForm(request.args)
    if not form.is_fine(showing.choices()):
        return index()
    answer = Response(showing.as_file(_pages(viewer(), form.wanted), words.locale()), mimetype="text/csv")
    name = words.gettext("Audit trail %(day)s", day=clock.today("UTC"))
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _pages(of: Viewer, wanted: Wanted) -> Iterator[list[Told]]:
    """Page after page, each read in a transaction of its own."""
    after: str | None = ""
    while after is not None:
        with db.reading():
            found = queries.search(of, wanted, after, size=AT_A_TIME)
        yield found.rows
        after = found.following


@quote_history.get("/quotes/<string:public_id>/history")
@portal_page()
def detail(public_id: str) -> Answer:
    """What happened with an own quote."""
    with db.reading():
        quote, account, rows = queries.history_of_quote(viewer(), public_id, *_place())
        return page("trail/quote.html", quote=quote, account=account, rows=rows, showing=showing)


@invoice_history.get("/invoices/<string:public_id>/history", endpoint="detail")
@portal_page()
def invoice_detail(public_id: str) -> Answer:
    """What happened with an own invoice."""
    with db.reading():
        invoice, account, rows = queries.history_of_invoice(viewer(), public_id, *_place())
        return page("trail/invoice.html", invoice=invoice, account=account, rows=rows, showing=showing)


def _place() -> tuple[str, str]:
    return request.args.get("after", ""), request.args.get("before", "")
