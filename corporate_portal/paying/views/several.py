"""The way of one payment for several invoices: amounts, confirmation, and on to the card. Nothing is kept in between:
the address of the confirmation carries the division, and the verb looks at everything again."""

from collections.abc import Sequence

from flask import Blueprint, request
from werkzeug.wrappers import Response

from billing_core import db, words
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments.cards.queries import offered
from billing_core.payments.refusals import OneCurrencyOnly, TooManyInvoices
from billing_core.payments.sharing import MOST_INVOICES, Payable, Wish, objections, refuse_unless_payable
from billing_core.permissions import Right, demand
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.paying import pay_or_propose
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.paying import queries
from corporate_portal.paying.forms import AmountsForm, ConfirmForm, carried

paying = Blueprint("paying", __name__)

Answer = str | Response | tuple[str, int]
NOTHING_NOW = mark("Nothing of these invoices can be paid now.")
NOT_POSTED = {"csrf": False}
"""For a form whose fields stand in the address."""


@paying.get("/payments/new")
@portal_page()
def new() -> Answer:
    """Step 1: the chosen invoices, each with what is payable and an amount; or those on the way back."""
    with db.reading():
        _demand_right()
        wishes = ConfirmForm(request.args, meta=NOT_POSTED).wishes
        found = _asked_for(wishes)
        payables = [one for one in found if not _why_not(one)]
        if not payables or _differ(found):
            nothing = NOTHING_NOW if found else mark("Tick at least one invoice.")
            tell("warning", OneCurrencyOnly.message if _differ(found) else nothing)
            return see("invoices.index")
        form = AmountsForm(formdata=None)
        form.fill(payables[:MOST_INVOICES], wishes)
        left_out = [(one.invoice, why) for one in found if (why := _why_not(one))]
        too_many = words.sentence(TooManyInvoices(most=MOST_INVOICES))
        left_out += [(one.invoice, too_many) for one in payables[MOST_INVOICES:]]
        return _amounts_page(form, payables[:MOST_INVOICES], left_out=left_out)


def _asked_for(wishes: Sequence[Wish]) -> list[Payable]:
    if "all" in request.args:
        return queries.all_open(viewer(), request.args["all"])
    return queries.chosen(viewer(), [wish.invoice for wish in wishes] or request.args.getlist("invoice"))


def _demand_right() -> None:
    current = viewer().current
    if current is None:
        raise NotAllowed
    demand(Right.PAY, viewer(), current.account_id)


def _differ(payables: Sequence[Payable]) -> bool:
    return len({one.invoice.currency for one in payables}) > 1


@paying.post("/payments/new")
@portal_page()
def show_allocation() -> Answer:
    """On to the confirmation of what was entered; nothing is written yet."""
    form = AmountsForm()
    with db.reading():
        _demand_right()
        payables = _by_id(form.named)
        form.offer(payables)
        if form.validate_on_submit():
            try:
                wishes = form.wishes(payables)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                if not form.object(objections([payables[wish.invoice] for wish in wishes], wishes)):
                    return see("paying.confirm", **carried(wishes))
        return _amounts_page(form, list(payables.values())), 400


def _by_id(public_ids: Sequence[str]) -> dict[str, Payable]:
    """The invoices, the oldest due first. Raises NotFound where there is none, or one stands there twice."""
    found = {one.invoice.public_id: one for one in queries.chosen(viewer(), public_ids)}
    if not found or len(found) < len(public_ids):
        raise NotFound
    if _differ(list(found.values())):
        raise OneCurrencyOnly
    return found


@paying.get("/payments/confirm")
@portal_page()
def confirm() -> Answer:
    """Step 2: what each invoice gets, what remains there, and the total."""
    form = ConfirmForm(request.args, meta=NOT_POSTED)
    with db.reading():
        _demand_right()
        wishes = form.wishes
        if not wishes:
            return see("invoices.index")
        payables = _by_id([wish.invoice for wish in wishes])
        if any(objections([payables[wish.invoice] for wish in wishes], wishes)):
            return _objected(wishes), 409
        form.offer()
        first = next(iter(payables.values())).invoice
        form.offer_cards(offered(first.account_id, first.currency))
        shares = {wish.invoice: wish.amount or 0 for wish in wishes}
        rows = [(one.invoice, shares[public_id]) for public_id, one in payables.items()]
        return page(
            "paying/confirm.html", form=form, rows=rows, parts=carried(wishes), total=sum(shares.values()),
            currency=rows[0][0].currency, today=queries.today_of,
        )  # fmt: skip


@paying.post("/payments/confirm")
@portal_page()
def start() -> Answer:
    """On to the hosted page, where the card is entered."""
    form = ConfirmForm()
    wishes, refusal = form.wishes, None
    if not wishes:
        raise NotFound
    with db.reading():
        _by_id([wish.invoice for wish in wishes])
    if form.validate_on_submit():
        try:
            return pay_or_propose(wishes, form.form_key.data, form.means)
        except (NotAllowed, NotFound):
            raise
        except Refusal as found:
            refusal = found
    with db.reading():
        return _objected(wishes, refusal, form.form_errors), refusal.status if refusal else 400


def _objected(wishes: Sequence[Wish], refusal: Refusal | None = None, told: Sequence[str] = ()) -> str:
    """Back at the amounts, with what stands against them now."""
    payables = _by_id([wish.invoice for wish in wishes])
    form = AmountsForm(formdata=None)
    form.fill(list(payables.values()), wishes)
    form.form_errors.extend(told)
    if not form.object(objections([payables[wish.invoice] for wish in wishes], wishes)) and refusal is not None:
        form.refuse(refusal)
    return _amounts_page(form, list(payables.values()))


def _amounts_page(form: AmountsForm, payables: Sequence[Payable], left_out: Sequence[tuple[Invoice, str]] = ()) -> str:
    by_id = {one.invoice.public_id: one for one in payables}
    form.renew(by_id)
    rows = [(row.form, by_id[row.form.invoice.data or ""]) for row in form.rows]
    return page(
        "paying/amounts.html", form=form, rows=rows, left_out=left_out, total=sum(one.amount for one in payables),
        currency=payables[0].invoice.currency, today=queries.today_of,
    )  # fmt: skip


def _why_not(payable: Payable) -> str:
    """Why an invoice cannot be paid now, in the reader's language; empty where it can."""
    try:
        refuse_unless_payable(payable, among_others=True)
    except Refusal as refusal:
        return words.sentence(refusal)
    return ""
