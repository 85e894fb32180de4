"""The pages of invoices at the desk, and the way of a credit note: enter, check, issue."""

from datetime import timedelta

from flask import request
from werkzeug.wrappers import Response

from billing_core import clock, db
from billing_core.documents import service as documents
from billing_core.errors import NotFound, Refusal
from billing_core.ledger.correcting import Plan
from billing_core.payments.booking import account_for_finance
from billing_core.payments.invoices import STATES, Wanted
from billing_core.web import downloads
from billing_core.web.finding import FindForm
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance import service
from corporate_portal.finance.forms.crediting import CreditNoteForm
from corporate_portal.finance.queries import crediting as queries
from corporate_portal.finance.queries.crediting import InvoiceAtDesk
from corporate_portal.finance.views.blueprint import Answer, finance, key_of, new_key
from corporate_portal.receivables.queries.reminders import reminders_about

ALL = STATES[-1]


@finance.get("/desk/accounts/<string:public_id>/invoices")
@desk_page("finance")
def invoices(public_id: str) -> Answer:
    """All invoices of an account, the newest first, or those of a state."""
    form = FindForm(request.args)
    found = form.validate()
    state = request.args.get("state", ALL)
    if state not in STATES:
        raise NotFound
    number = (form.number.data or "") if found else ""
    wanted = Wanted(state, number, request.args.get("after", ""), request.args.get("before", ""))
    with db.reading():
        account = account_for_finance(viewer(), public_id)
        rows, now = queries.invoices_of(account.id, wanted), clock.now()
        shown = page(
            "finance/invoices.html", account=account, form=form, wanted=wanted, rows=rows,
            today=lambda invoice: clock.local(now, invoice.seller.timezone).date(),
        )  # fmt: skip
    return shown if found else (shown, 400)


@finance.get("/desk/invoices/<string:public_id>")
@desk_page("finance")
def invoice(public_id: str) -> Answer:
    """One invoice: what became of it, and what finance can do."""
    with db.reading():
        found = queries.invoice_of(viewer(), public_id)
        told = reminders_about(found.whole.invoice.id)
        return page("finance/invoice.html", key=new_key(), reminders=told, **_about(found))


def _about(found: InvoiceAtDesk) -> dict[str, object]:
    whole = found.whole
    return {
        "found": found,
        "whole": whole,
        "invoice": whole.invoice,
        "account": whole.invoice.account,
        "today": whole.today,
        "one_day": timedelta(days=1),
    }


@finance.get("/desk/invoices/<string:public_id>/pdf")
@desk_page("finance")
def invoice_pdf(public_id: str) -> Response:
    """The stored document, or the page that waits for it."""
    with db.reading():
        named = queries.invoice_frame(viewer(), public_id)
        content = documents.content(named.public_id, "invoice")
        if content is None and named.issued_elsewhere:
            raise NotFound
        return downloads.document(content, "finance/pdf-pending.html", invoice=named, note=None)


@finance.get("/desk/credit-notes/<string:public_id>/pdf")
@desk_page("finance")
def credit_note_pdf(public_id: str) -> Response:
    """The stored document, or the page that waits for it."""
    with db.reading():
        note = queries.credit_note_of(viewer(), public_id)
        content = documents.content(note.public_id, "credit-note")
        return downloads.document(content, "finance/pdf-pending.html", invoice=note.invoice, note=note)


@finance.get("/desk/invoices/<string:public_id>/credit")
@desk_page("finance")
def credit(public_id: str) -> Answer:
    """What is to be credited of each line, and why."""
    with db.reading():
        found = queries.invoice_of(viewer(), public_id)
        form = CreditNoteForm(formdata=None)
        form.offer(found.creditable, new_key())
        return _form_page(found, form)


@finance.post("/desk/invoices/<string:public_id>/credit")
@desk_page("finance")
def issue_credit_note(public_id: str) -> Answer:
    """Show what it comes to and does, or issue it as it is shown."""
    act, status = request.form.get("act"), 400
    form = _sent_form(public_id, fill=act == "everything")
    valid = form.validate_on_submit()
    try:
        if valid and act == "issue":
            return _issue(public_id, form)
    except Refusal as refusal:
        form.refuse(refusal)
        status = refusal.status
    with db.reading():
        found = queries.invoice_of(viewer(), public_id)
        plan = _plan(found, form) if valid else None
        return _form_page(found, form, plan), status if plan is None or form.errors else 200


def _sent_form(public_id: str, *, fill: bool) -> CreditNoteForm:
    """The form as it came; with `fill` all that is left is entered in it."""
    form = CreditNoteForm()
    with db.reading():
        left = queries.invoice_to_credit(viewer(), public_id)
    form.offer(left, key_of(form.key.data))
    if fill:
        form.fill(left.everything(), left.invoice.currency)
    return form


def _issue(public_id: str, form: CreditNoteForm) -> Response:
    note = db.perform(service.credit_invoice, viewer(), public_id, form.wish(), key_of(form.key.data), form.seen)
    tell("success", mark("Credit note %(number)s was issued."), number=note.number)
    return see("finance.invoice", public_id=public_id)


def _plan(found: InvoiceAtDesk, form: CreditNoteForm) -> Plan | None:
    """What the entries come to now; none, and why beside the entry, where that is nothing that can be issued."""
    try:
        return found.creditable.plan(form.wish().parts)
    except Refusal as refusal:
        if not form.errors:
            form.refuse(refusal)
        return None


def _form_page(found: InvoiceAtDesk, form: CreditNoteForm, plan: Plan | None = None) -> str:
    if plan is not None:
        form.show(plan)
    rows = [(line, found.creditable.left(line), form.row_of(line)) for line in found.whole.invoice.lines]
    return page("finance/credit.html", form=form, rows=rows, plan=plan, **_about(found))
