"""A contact's pages: invoices and credit notes, their PDFs, and the way of a card payment; the processor's webhook."""

from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as Redirect

from billing_core import clock, db
from billing_core.documents import letter
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.payments import booking, events
from billing_core.payments import invoices as queries
from billing_core.payments import queries as payment_queries
from billing_core.payments import service as card
from billing_core.payments.cards.queries import offered
from billing_core.payments.invoices import STATES, Wanted, Whole
from billing_core.payments.proposals.queries import waiting_of
from billing_core.payments.review.queries import taken_in
from billing_core.payments.sharing import Wish
from billing_core.permissions import Right, demand
from billing_core.web import downloads
from billing_core.web.finding import FindForm
from billing_core.web.guards import portal_page, public_page
from billing_core.web.identity import viewer
from billing_core.web.paying import onward, pay_or_propose
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.invoices import policy
from corporate_portal.invoices.forms import FULL, PART, CreditForm, PayForm

invoices = Blueprint("invoices", __name__)
credit_notes = Blueprint("credit_notes", __name__)
payments = Blueprint("payments", __name__)
webhooks = Blueprint("webhooks", __name__)

Answer = str | Response | Redirect | tuple[str, int]


@invoices.get("/invoices")
@portal_page()
def index() -> Answer:
    """The invoices of the chosen account, open ones first."""
    form = FindForm(request.args)
    found = form.validate()
    state = request.args.get("state", STATES[0])
    if state not in STATES:
        raise NotFound
    number = (form.number.data or "") if found else ""
    wanted = Wanted(state, number, request.args.get("after", ""), request.args.get("before", ""))
    with db.reading():
        rows = queries.invoices(viewer(), wanted)
        ids = [invoice.id for invoice in rows.rows]
        waiting, disputed = payment_queries.under_way_on(ids), payment_queries.disputed_among(ids)
        now = clock.now()
        current = viewer().current
        shown = page(
            "invoices/index.html", form=form, wanted=wanted, rows=rows, waiting=waiting, disputed=disputed,
            may_pay=current is not None and policy.may_pay(viewer(), current.account_id),
            balances=queries.balances(viewer()), proposed=waiting_of(viewer()),
            today=lambda invoice: clock.local(now, invoice.seller.timezone).date(),
        )  # fmt: skip
    return shown if found else (shown, 400)


@invoices.get("/invoices/<string:public_id>")
@portal_page()
def detail(public_id: str) -> Answer:
    """One invoice: state, balance and what to do first, the document and its payments below."""
    with db.reading():
        whole = queries.whole_invoice(viewer(), public_id)
        return page("invoices/detail.html", **_about(whole))


def _about(whole: Whole) -> dict[str, object]:
    return {
        "whole": whole,
        "invoice": whole.invoice,
        "today": whole.today,
        "one_day": timedelta(days=1),
        "letter": letter,
        "pay": _payability(whole),
    }


def _payability(whole: Whole) -> policy.Payability:
    return policy.payability(viewer(), whole.invoice, whole.held, whole.credit, is_disputed=whole.is_disputed)


@invoices.get("/invoices/<string:public_id>/pdf")
@portal_page()
def pdf(public_id: str) -> Answer:
    """The stored document; while the worker still prints it, a page that looks again. Nothing is printed here."""
    with db.reading():
        invoice = queries.invoice_named(viewer(), public_id)
        content = documents.content(invoice.public_id, "invoice")
        if content is None and invoice.issued_elsewhere:
            raise NotFound
        return downloads.document(content, "invoices/pdf-pending.html", invoice=invoice)


@credit_notes.get("/credit-notes", endpoint="index")
@portal_page()
def credit_note_list() -> Answer:
    """The credit notes of the chosen account, the newest first."""
    with db.reading():
        rows = queries.credit_notes(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return page("invoices/credit-notes.html", rows=rows, balances=queries.balances(viewer()))


@credit_notes.get("/credit-notes/<string:public_id>", endpoint="detail")
@portal_page()
def credit_note_detail(public_id: str) -> Answer:
    """One credit note: what was credited, and what became of it."""
    with db.reading():
        credited = queries.whole_credit_note(viewer(), public_id)
        return page("invoices/credit-note.html", credited=credited, note=credited.note, one_day=timedelta(days=1))


@credit_notes.get("/credit-notes/<string:public_id>/pdf", endpoint="pdf")
@portal_page()
def credit_note_pdf(public_id: str) -> Answer:
    """The stored document, or the page that waits for it."""
    with db.reading():
        note = queries.credit_note_named(viewer(), public_id)
        content = documents.content(note.public_id, "credit-note")
        return downloads.document(content, "invoices/credit-note-pending.html", note=note)


@invoices.get("/invoices/<string:public_id>/pay")
@portal_page()
def pay(public_id: str) -> Answer:
    """Step 1 of paying: the full amount, or a part that is one click away."""
    with db.reading():
        whole = queries.whole_invoice(viewer(), public_id)
        demand(Right.PAY, viewer(), whole.invoice.account_id)
        if whole.invoice.balance == 0 or whole.is_disputed:
            return see("invoices.detail", public_id=public_id)
        return _pay_page(whole, PayForm(formdata=None), PART if request.args.get("share") == PART else FULL)


@invoices.post("/invoices/<string:public_id>/pay")
@portal_page()
def start_payment(public_id: str) -> Answer:
    """On to the hosted page, where the card is entered."""
    form, status = PayForm(), 400
    with db.reading():
        form.amount.currency = queries.invoice_named(viewer(), public_id).currency
    if form.validate_on_submit():
        wanted, key = form.wanted, form.form_key.data
        try:
            wish = Wish(public_id, wanted, form.payable_seen if wanted is None else None)
            return pay_or_propose([wish], key, form.means)
        except (NotAllowed, NotFound):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    with db.reading():
        return _pay_page(queries.whole_invoice(viewer(), public_id), form), status


def _pay_page(whole: Whole, form: PayForm, share: str = FULL, credit: CreditForm | None = None) -> str:
    """The form with what can be paid now. A refused one keeps what was typed and gets a new key: nothing was made."""
    pay = _payability(whole)
    form.offer(pay.by_card, share)
    form.offer_cards(offered(whole.invoice.account_id, whole.invoice.currency))
    credit = credit or CreditForm(formdata=None, prefix="credit-")
    credit.offer(pay.from_credit, whole.invoice.currency)
    return page("invoices/pay.html", form=form, credit=credit, **_about(whole))


@invoices.post("/invoices/<string:public_id>/use-credit")
@portal_page()
def use_credit(public_id: str) -> Answer:
    """Pay from what the account has left over."""
    form = CreditForm(prefix="credit-")
    with db.reading():
        form.amount.currency = queries.invoice_named(viewer(), public_id).currency
    if form.validate_on_submit():
        try:
            db.perform(booking.use_credit, viewer(), public_id, form.amount.amount, form.key)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("The account credit was used for this invoice."))
            return see("invoices.detail", public_id=public_id)
    with db.reading():
        return _pay_page(queries.whole_invoice(viewer(), public_id), PayForm(formdata=None), credit=form), 400


@payments.get("/payments/<string:public_id>", endpoint="detail")
@portal_page()
def payment_detail(public_id: str) -> Answer:
    """What became of a payment. The processor sends the payer back to here, with `returned`."""
    if request.args.get("returned"):
        card.come_back(viewer(), public_id)
    with db.reading():
        payment = payment_queries.payment_of(viewer(), public_id)
        may_pay = policy.may_pay(viewer(), payment.account_id)
        gone = payment_queries.went_back([payment.id]).get(payment.id, 0)
        taken = taken_in(payment)
        return page("invoices/payment.html", payment=payment, may_pay=may_pay, gone=gone, taken_in=taken)


@payments.post("/payments/<string:public_id>/continue")
@portal_page()
def go_on(public_id: str) -> Answer:
    """Back to the hosted page of an attempt that is under way."""
    return onward(card.continue_payment(viewer(), public_id))


@payments.post("/payments/<string:public_id>/cancel")
@portal_page()
def cancel(public_id: str) -> Answer:
    """End an attempt, at the processor first."""
    card.cancel_payment(viewer(), public_id)
    return see("payments.detail", public_id=public_id)


@webhooks.post("/webhooks/stripe")
@public_page()
def stripe() -> Response:
    """The processor's news: believed only as far as its signature over the raw body holds, and then looked up."""
    status = events.receive_event(request.get_data(cache=False), request.headers.get("Stripe-Signature", ""))
    return Response(status=status, mimetype="text/plain")
