"""The pages on which money goes back: one card payment, its refunds, and a booking that the bank took back."""

from billing_core import db
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.payments import booking, giving_back, refunding
from billing_core.payments.limits import REFUNDED_ALONE
from billing_core.payments.models import Refund
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.forms.refunding import RefundForm, ReturnForm, rows_of
from corporate_portal.finance.queries import refunds as queries
from corporate_portal.finance.queries.refunds import PaymentAtDesk
from corporate_portal.finance.views.blueprint import Answer, finance, key_of

SENT = {
    "succeeded": mark("The money was sent back to the card."),
    "awaiting_approval": mark("The refund waits for a second person of finance."),
    "failed": mark("The card processor refused the refund. Nothing was sent back."),
}
"""What became of a refund; of every other state the processor has not told yet."""
ON_THE_WAY = mark("The refund is on its way. The card processor has not confirmed it yet.")


@finance.get("/desk/payments/<string:public_id>")
@desk_page("finance")
def payment(public_id: str) -> Answer:
    """One card payment: what it paid, what went back, and what the bank says."""
    with db.reading():
        found = queries.payment_of(viewer(), public_id)
        return page("finance/payment.html", found=found, payment=found.payment, account=found.payment.account)


@finance.get("/desk/payments/<string:public_id>/refund")
@desk_page("finance")
def refund(public_id: str) -> Answer:
    """How much goes back, from which part, and why."""
    with db.reading():
        found = queries.payment_of(viewer(), public_id)
        return _form_page(found, RefundForm(formdata=None))


@finance.post("/desk/payments/<string:public_id>/refund")
@desk_page("finance")
def send_refund(public_id: str) -> Answer:
    """Send it back, or ask the second person."""
    form, status = RefundForm(), 400
    with db.reading():
        found = queries.payment_of(viewer(), public_id)
    form.set_currency(found.payment.currency)
    if form.validate_on_submit():
        try:
            key = key_of(form.key.data)
            done = giving_back.refund_payment(viewer(), public_id, form.wishes(), form.reason.data or "", key)
            return _tell(done, public_id)
        except NotFound:
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    with db.reading():
        return _form_page(queries.payment_of(viewer(), public_id), form), status


def _form_page(found: PaymentAtDesk, form: RefundForm) -> str:
    form.offer(found.payment, found.refundable)
    known = {name: (invoice, most) for name, invoice, most in rows_of(found.payment, found.refundable)}
    rows = [(row.form, *known[row.form.part.data]) for row in form.parts if row.form.part.data in known]
    alone = REFUNDED_ALONE.get(found.payment.currency, 0)
    return page(
        "finance/refund.html", payment=found.payment, account=found.payment.account, form=form, rows=rows, alone=alone
    )


def _tell(done: Refund, payment: str) -> Answer:
    tell("error" if done.state == "failed" else "success", SENT.get(done.state, ON_THE_WAY))
    return see("finance.payment", public_id=payment)


def _tell_why_not(refusal: Refusal) -> None:
    """Above the page that follows; what is not there or not allowed is a page of its own."""
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    tell("error", refusal.message, **refusal.params)


@finance.get("/desk/refunds")
@desk_page("finance")
def refunds() -> Answer:
    """What waits for a second person, what is on its way, and what failed."""
    with db.reading():
        return page("finance/refunds.html", rows=queries.refunds_on_the_way(viewer()), me=viewer().person_id)


@finance.post("/desk/refunds/<string:public_id>/approve")
@desk_page("finance")
def approve_refund(public_id: str) -> Answer:
    """The second person says yes."""
    try:
        done = giving_back.approve_refund(viewer(), public_id)
    except Refusal as refusal:
        _tell_why_not(refusal)
    else:
        tell("error" if done.state == "failed" else "success", SENT.get(done.state, ON_THE_WAY))
    return see("finance.refunds")


@finance.post("/desk/refunds/<string:public_id>/decline")
@desk_page("finance")
def decline_refund(public_id: str) -> Answer:
    """The second person says no, or the first one takes it back."""
    try:
        db.perform(refunding.decline_refund, viewer(), public_id)
    except Refusal as refusal:
        _tell_why_not(refusal)
    else:
        tell("success", mark("The refund was declined. Nothing was sent back."))
    return see("finance.refunds")


@finance.get("/desk/incoming/<string:public_id>/return")
@desk_page("finance")
def return_booking(public_id: str) -> Answer:
    """Why a booking is undone."""
    with db.reading():
        incoming, account = queries.incoming_of(viewer(), public_id)
        return page("finance/return.html", incoming=incoming, account=account, form=ReturnForm(formdata=None))


@finance.post("/desk/incoming/<string:public_id>/return")
@desk_page("finance")
def keep_return(public_id: str) -> Answer:
    """Undo the booking: the bank took the money back, or it never came."""
    form = ReturnForm()
    if form.validate_on_submit():
        db.perform(booking.return_incoming, viewer(), public_id, form.reason.data or "")
        tell("success", mark("The booking is undone. What it paid is open again."))
        with db.reading():
            _, account = queries.incoming_of(viewer(), public_id)
        return see("finance.account", public_id=account.public_id)
    with db.reading():
        incoming, account = queries.incoming_of(viewer(), public_id)
        return page("finance/return.html", incoming=incoming, account=account, form=form), 400
