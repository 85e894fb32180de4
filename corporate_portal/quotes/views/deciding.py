"""The way to a decision: order details > confirm > receipt, or the reason of a rejection."""

from contextlib import suppress

from flask import request

from billing_core import clock, db, words
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.permissions import Right
from billing_core.web import downloads
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.profile.queries import purchase_orders
from corporate_portal.quotes import policy, queries, service
from corporate_portal.quotes.forms import CARRIED, ConfirmForm, OrderDetailsForm, RejectForm
from corporate_portal.quotes.models import QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.service import PurchaseOrderSaid
from corporate_portal.quotes.views.about import about
from corporate_portal.quotes.views.blueprint import Answer, quotes

NOT_POSTED = {"csrf": False}
"""Of a form that an address fills: it is shown and judged, and changes nothing."""


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
    """Step 2: purchase order, administrator, way to pay; with what was entered before, on the way back."""
    form = OrderDetailsForm(request.args, meta=NOT_POSTED)
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        return _order_details_page(version, form)


@quotes.post("/quotes/<string:public_id>/order-details")
@portal_page()
def check_order_details(public_id: str) -> Answer:
    """On to the confirmation with what was entered; nothing is written yet."""
    form = OrderDetailsForm()
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        if form.validate_on_submit() and _ordered(version, form) is not None:
            return see("quotes.confirm", public_id=public_id, **form.carried)
        return _order_details_page(version, form), 400


def _ordered(version: QuoteVersion, form: OrderDetailsForm) -> PurchaseOrderSaid | None:
    """The purchase order, where everything that was entered can be ordered; otherwise the form says what cannot."""
    account = version.quote.account
    try:
        service.check_payment(viewer(), account, form.payment.data or "")
        service.check_admin(account, form.admin)
        return service.check_purchase_order(account, form.po_number.data or "", form.po_expires_on.data)
    except Invalid as refusal:
        form.refuse(refusal)
        return None


def _order_details_page(version: QuoteVersion, form: OrderDetailsForm) -> str:
    account = version.quote.account
    may_pay = viewer().may(Right.PAY, version.account_id)
    kept = [order for order in purchase_orders(account) if order.is_usable]
    form.offer(may_pay=may_pay, members=service.members_of(account.id), kept=kept)
    return page("quotes/order-details.html", form=form, kept=kept, **about(version))


@quotes.get("/quotes/<string:public_id>/confirm")
@portal_page()
def confirm(public_id: str) -> Answer:
    """Step 3: one sentence that says who orders what for how much, a tick-box and one button."""
    details = OrderDetailsForm(request.args, meta=NOT_POSTED)
    with db.reading():
        version = _for_decision(public_id, details.reviewed.data or "")
        if not details.validate() or _ordered(version, details) is None:
            return _order_details_page(version, details), 400
        given = {name: details[name].data for name in CARRIED}
        return _confirm_page(version, ConfirmForm(formdata=None, data=given))


@quotes.post("/quotes/<string:public_id>/confirm")
@portal_page(proof=True)
def place_order(public_id: str) -> Answer:
    """Accept the quote."""
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            made = db.perform(service.accept_quote, viewer(), public_id, form.acceptance())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _accepted(public_id, is_whole=isinstance(made, QuoteDecision))
    with db.reading():
        version = _for_decision(public_id, form.reviewed.data or "")
        return _confirm_page(version, form), 400


def _accepted(public_id: str, *, is_whole: bool) -> Answer:
    if is_whole:
        return see("quotes.receipt", public_id=public_id)
    tell("success", mark("Your acceptance is kept. A second contact has to confirm it before anything is ordered."))
    return see("quotes.detail", public_id=public_id)


def _confirm_page(version: QuoteVersion, form: ConfirmForm) -> str:
    standing = viewer().standing_in(version.account_id)
    function = standing.function if standing else ""
    said = terms.declaration(version, viewer().display_name, function, words.locale())
    form.wording.data, form.language.data = said.sha256, said.locale
    account, given = version.quote.account, form.acceptance()
    order = left = None
    with suppress(Invalid):  # where it cannot be ordered any more the form says so
        order = service.check_purchase_order(account, given.po_number, given.po_expires_on)
        left = order.exceeded_by(version)
    return page("quotes/confirm.html", form=form, said=said, order=order, left=left, **_named(version, form))


def _named(version: QuoteVersion, form: ConfirmForm) -> dict[str, object]:
    """The page's context, with the administrator by name, and the way back with everything that was entered."""
    members = {person.public_id: person.name for person in service.members_of(version.account_id)}
    back = {name: form[name].data for name in CARRIED if form[name].data}
    return about(version) | {"admin": members.get(form.admin_member.data or "", form.admin_name.data), "back": back}


@quotes.get("/quotes/<string:public_id>/receipt")
@portal_page()
def receipt(public_id: str) -> Answer:
    """What the acceptance brought about, and what comes next."""
    with db.reading():
        found = queries.receipt(viewer(), public_id)
        may_pay = viewer().may(Right.PAY, found.version.account_id)
        return page("quotes/receipt.html", receipt=found, may_pay=may_pay, **about(found.version))


@quotes.get("/quotes/<string:public_id>/certificate")
@portal_page()
def certificate(public_id: str) -> Answer:
    """The certificate of an acceptance as it was printed; while the worker still prints it, a page that looks again."""
    with db.reading():
        found = queries.receipt(viewer(), public_id)
        if not found.decision.has_certificate:
            raise NotFound
        content = documents.content(found.version.public_id, service.CERTIFICATE)
        return downloads.document(content, "quotes/certificate-pending.html", quote=found.version.quote)


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
