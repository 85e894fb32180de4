"""Invoice history: invoices, credit notes and orders of the chosen account, with their documents."""

from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as Redirect

from billing_core import clock, db
from billing_core.documents import letter
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from billing_core.payments import invoices
from billing_core.payments import queries as payments
from billing_core.payments.invoices import Wanted
from billing_core.web import downloads
from billing_core.web.finding import FindForm
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page
from online_bridge.history import queries
from online_bridge.routing.showing import elsewhere

history = Blueprint("history", __name__)
history.before_request(elsewhere)

Answer = str | Response | Redirect | tuple[str, int]


@history.get("/billing/invoices")
@my_page()
def index() -> Answer:
    """All invoices, the newest first, or those with a number."""
    form = FindForm(request.args)
    found = form.validate()
    number = (form.number.data or "") if found else ""
    wanted = Wanted("all", number, request.args.get("after", ""), request.args.get("before", ""))
    with db.reading():
        rows = invoices.invoices(viewer(), wanted)
        disputed, now = payments.disputed_among([invoice.id for invoice in rows.rows]), clock.now()
        shown = page(
            "online_bridge/invoices.html", form=form, wanted=wanted, rows=rows, disputed=disputed,
            today=lambda invoice: clock.local(now, invoice.seller.timezone).date(),
        )  # fmt: skip
    return shown if found else (shown, 400)


@history.get("/billing/invoices/<string:public_id>")
@my_page()
def invoice(public_id: str) -> Answer:
    """One invoice: lines, taxes, and how it was paid."""
    with db.reading():
        whole = invoices.whole_invoice(viewer(), public_id)
        _require_chosen(whole.invoice.account_id)
        return page(
            "online_bridge/invoice.html", whole=whole, invoice=whole.invoice, today=whole.today,
            one_day=timedelta(days=1), letter=letter,
        )  # fmt: skip


@history.get("/billing/invoices/<string:public_id>/pdf")
@my_page()
def invoice_pdf(public_id: str) -> Answer:
    """The stored document, or the page that waits for it."""
    with db.reading():
        named = invoices.invoice_named(viewer(), public_id)
        _require_chosen(named.account_id)
        content = documents.content(named.public_id, "invoice")
        if content is None and named.issued_elsewhere:
            raise NotFound
        return downloads.document(content, "online_bridge/invoice_pending.html", invoice=named)


@history.get("/billing/credit-notes")
@my_page()
def credit_notes() -> Answer:
    """What was credited, the newest first."""
    with db.reading():
        rows = invoices.credit_notes(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return page("online_bridge/credit_notes.html", rows=rows)


@history.get("/billing/credit-notes/<string:public_id>")
@my_page()
def credit_note(public_id: str) -> Answer:
    """One credit note: what was credited, and what became of it."""
    with db.reading():
        credited = invoices.whole_credit_note(viewer(), public_id)
        _require_chosen(credited.note.account_id)
        return page("online_bridge/credit_note.html", credited=credited, note=credited.note, one_day=timedelta(days=1))


@history.get("/billing/credit-notes/<string:public_id>/pdf")
@my_page()
def credit_note_pdf(public_id: str) -> Answer:
    """The stored document, or the page that waits for it."""
    with db.reading():
        note = invoices.credit_note_named(viewer(), public_id)
        _require_chosen(note.account_id)
        content = documents.content(note.public_id, "credit-note")
        return downloads.document(content, "online_bridge/credit_note_pending.html", note=note)


@history.get("/billing/orders")
@my_page()
def orders() -> Answer:
    """Everything that was ordered, also what cost nothing and what was not carried out."""
    with db.reading():
        rows = queries.orders(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return page("online_bridge/orders.html", rows=rows)


def _require_chosen(account_id: int) -> None:
    """What belongs to another account of the same person, a corporate one perhaps, is behind another door."""
    current = viewer().current
    if current is None or current.account_id != account_id:
        raise NotFound
