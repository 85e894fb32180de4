"""A contact's pages: what waits, what was decided, and the way review > order details > confirm > receipt."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from billing_core import clock, db, words
from billing_core.db.keyset import Slice
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotAllowed
from billing_core.permissions import Right
from billing_core.web import downloads
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.quotes import policy, queries, service, showing, states
from corporate_portal.quotes.forms import ConfirmForm, OrderDetailsForm, RejectForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import recurring, terms
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.refusals import QuoteRefusal

quotes = Blueprint("quotes", __name__)

Answer = str | Response | tuple[str, int]


@quotes.errorhandler(QuoteRefusal)
def refused(refusal: QuoteRefusal) -> Answer:
    """Why it is not possible, and the way back to the quote as it stands now."""
    public_id = (request.view_args or {}).get("public_id", "")
    return page("quotes/refused.html", sentence=words.sentence(refusal), public_id=public_id), refusal.status


@quotes.get("/quotes")
@portal_page()
def index() -> Answer:
    """What waits for a decision: the landing page. `product` is named by the way here from Add Licenses."""
    with db.reading():
        rows = queries.outstanding(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        more = queries.more_licenses(viewer(), request.args.get("product", ""))
        return _list("quotes/index.html", rows, more=more)


@quotes.get("/quotes/history")
@portal_page()
def history() -> Answer:
    """What was decided, withdrawn or has expired."""
    with db.reading():
        rows = queries.history(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return _list("quotes/history.html", rows)


def _list(template: str, rows: Slice[QuoteVersion], **context: object) -> str:
    here = request.endpoint or "quotes.index"
    newer = url_for(here, before=rows.previous) if rows.previous else None
    older = url_for(here, after=rows.following) if rows.following else None
    return page(template, versions=rows.rows, newer=newer, older=older, now=clock.now(), showing=showing, **context)


@quotes.get("/quotes/<string:public_id>")
@portal_page()
def detail(public_id: str) -> Answer:
    """The quote as a document, with a panel that says how much, until when, and what can be done."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
    if version.first_viewed_at is None and version.state == states.SENT:
        db.perform(service.mark_viewed, viewer(), public_id)
    with db.reading():
        return page("quotes/detail.html", **_about(version))


def _about(version: QuoteVersion) -> dict[str, object]:
    now = clock.now()
    return {
        "realm": viewer().realm.value,
        "version": version,
        "quote": version.quote,
        "account": version.quote.account,
        "parties": parties_of(version),
        "groups": showing.groups_of(version),
        "recurring": recurring.recurring_of(version),
        "renewal": recurring.term_end(version),
        "last_day": recurring.last_day(version),
        "terms": terms.paragraphs(version),
        "days_left": showing.days_left(version, now),
        "state": version.shown_state(now),
        "can_decide": policy.can_decide(viewer(), version, now),
        "is_open": version.is_outstanding(now),
    }


def _for_decision(public_id: str, reviewed: str) -> QuoteVersion:
    """The version on the way to a decision. Refuses at once what the verb would refuse in the end."""
    version = queries.current_version(viewer(), public_id)
    if not policy.may_decide(viewer(), version.account_id):
        raise NotAllowed
    service.refuse_unless_open(version, clock.now())
    service.refuse_unless_reviewed(version, reviewed)
    return version


@quotes.get("/quotes/<string:public_id>/order-details")
@portal_page()
def order_details(public_id: str) -> Answer:
    """Step 2: purchase order number, bill-to, way to pay."""
    reviewed = request.args.get("reviewed", "")
    with db.reading():
        version = _for_decision(public_id, reviewed)
        given = {"po_number": request.args.get("po_number", ""), "payment": request.args.get("payment") or "terms"}
        form = OrderDetailsForm(formdata=None, data=given | {"reviewed": reviewed})
        return _order_details_page(version, form)


@quotes.post("/quotes/<string:public_id>/order-details")
@portal_page()
def check_order_details(public_id: str) -> Answer:
    """On to the confirmation with what was entered; nothing is written yet."""
    form = OrderDetailsForm()
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        if form.validate_on_submit():
            try:
                po_number = service.check_po_number(version.quote.account, form.po_number.data or "")
                payment = service.check_payment(viewer(), version.quote.account, form.payment.data or "")
            except Invalid as refusal:
                form.refuse(refusal)
            else:
                step = {"reviewed": version.sha256, "po_number": po_number, "payment": payment}
                return see("quotes.confirm", public_id=public_id, **step)
        return _order_details_page(version, form), 400


def _order_details_page(version: QuoteVersion, form: OrderDetailsForm) -> str:
    may_pay = viewer().may(Right.PAY, version.account_id)
    form.offer(may_pay=may_pay)
    return page("quotes/order-details.html", form=form, may_pay=may_pay, **_about(version))


@quotes.get("/quotes/<string:public_id>/confirm")
@portal_page()
def confirm(public_id: str) -> Answer:
    """Step 3: one sentence that says who orders what for how much, a tick-box and one button."""
    with db.reading():
        version = _for_decision(public_id, request.args.get("reviewed", ""))
        given = {name: request.args.get(name, "") for name in ("po_number", "payment")}
        try:
            service.check_po_number(version.quote.account, given["po_number"])
            service.check_payment(viewer(), version.quote.account, given["payment"])
        except Invalid:
            return see("quotes.order_details", public_id=public_id, reviewed=version.sha256, po_number="", payment="")
        form = ConfirmForm(formdata=None, data=given | {"reviewed": version.sha256})
        return _confirm_page(version, form)


@quotes.post("/quotes/<string:public_id>/confirm")
@portal_page()
def place_order(public_id: str) -> Answer:
    """Accept the quote."""
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            db.perform(service.accept_quote, viewer(), public_id, form.acceptance())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return see("quotes.receipt", public_id=public_id)
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        return _confirm_page(version, form), 400


def _confirm_page(version: QuoteVersion, form: ConfirmForm) -> str:
    standing = viewer().standing_in(version.account_id)
    function = standing.function if standing else ""
    said = terms.declaration(version, viewer().display_name, function, words.locale())
    form.wording.data, form.language.data = said.sha256, said.locale
    return page("quotes/confirm.html", form=form, said=said, **_about(version))


@quotes.get("/quotes/<string:public_id>/receipt")
@portal_page()
def receipt(public_id: str) -> Answer:
    """What the acceptance brought about, and what comes next."""
    with db.reading():
        found = queries.receipt(viewer(), public_id)
        may_pay = viewer().may(Right.PAY, found.version.account_id)
        return page("quotes/receipt.html", receipt=found, may_pay=may_pay, **_about(found.version))


@quotes.get("/quotes/<string:public_id>/reject")
@portal_page()
def reject(public_id: str) -> Answer:
    """Ask for the reason."""
    with db.reading():
        version = _for_decision(public_id, request.args.get("reviewed", ""))
        form = RejectForm(formdata=None, data={"reviewed": version.sha256})
        return page("quotes/reject.html", form=form, **_about(version))


@quotes.post("/quotes/<string:public_id>/reject")
@portal_page()
def send_rejection(public_id: str) -> Answer:
    """Reject the quote."""
    form = RejectForm()
    if form.validate_on_submit():
        try:
            db.perform(service.reject_quote, viewer(), public_id, form.rejection())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("The quote was rejected. Your representative has been told."))
            return see("quotes.detail", public_id=public_id)
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        return page("quotes/reject.html", form=form, **_about(version)), 400


@quotes.get("/quotes/<string:public_id>/pdf")
@portal_page()
def pdf(public_id: str) -> Answer:
    """The stored document; while the worker still prints it, a page that looks again by itself."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
        content = documents.content(version.public_id, "quote")
        return downloads.document(content, "quotes/pdf-pending.html", quote=version.quote)
