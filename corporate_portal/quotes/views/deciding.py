"""The way to a decision: order details > confirm > receipt, or the reason of a rejection."""

from flask import request

from billing_core import clock, db, words
from billing_core.errors import Invalid, NotAllowed
from billing_core.permissions import Right
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.quotes import policy, queries, service
from corporate_portal.quotes.forms import ConfirmForm, OrderDetailsForm, RejectForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.views.about import about
from corporate_portal.quotes.views.blueprint import Answer, quotes


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
    return page("quotes/order-details.html", form=form, may_pay=may_pay, **about(version))


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
    return page("quotes/confirm.html", form=form, said=said, **about(version))


@quotes.get("/quotes/<string:public_id>/receipt")
@portal_page()
def receipt(public_id: str) -> Answer:
    """What the acceptance brought about, and what comes next."""
    with db.reading():
        found = queries.receipt(viewer(), public_id)
        may_pay = viewer().may(Right.PAY, found.version.account_id)
        return page("quotes/receipt.html", receipt=found, may_pay=may_pay, **about(found.version))


@quotes.get("/quotes/<string:public_id>/reject")
@portal_page()
def reject(public_id: str) -> Answer:
    """Ask for the reason."""
    with db.reading():
        version = _for_decision(public_id, request.args.get("reviewed", ""))
        form = RejectForm(formdata=None, data={"reviewed": version.sha256})
        return page("quotes/reject.html", form=form, **about(version))


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
        return page("quotes/reject.html", form=form, **about(version)), 400
