"""One entry of a bank statement: what it probably is, and each way to decide it."""

from collections.abc import Callable

from flask import request

from billing_core import db
from billing_core.bank import service
from billing_core.bank.models import BankEntry
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.permissions import Viewer
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.forms.bank import ByHandForm, DismissForm
from corporate_portal.finance.queries import bank as queries
from corporate_portal.finance.views.blueprint import Answer, finance

BOOKED = mark("The entry is booked.")


@finance.get("/desk/bank/entries/<string:public_id>")
@desk_page("finance")
def bank_entry(public_id: str) -> Answer:
    """What the bank says, what is proposed, and a customer to choose by hand."""
    return _entry_page(public_id)


@finance.post("/desk/bank/entries/<string:public_id>/accept")
@desk_page("finance")
def accept_entry(public_id: str) -> Answer:
    """Book it as proposed."""
    return _decide(public_id, BOOKED, service.accept_proposal, request.form.get("seen", ""))


@finance.post("/desk/bank/entries/<string:public_id>/book")
@desk_page("finance")
def book_entry(public_id: str) -> Answer:
    """Book it for the customer, and on the invoices, that finance chose."""
    form = ByHandForm()
    with db.reading():
        form.set_currency(queries.entry_of(viewer(), public_id).entry.currency)
    if form.validate_on_submit():
        try:
            account = form.account.data or ""
            return _on(db.perform(service.book_entry, viewer(), public_id, account, form.wishes), BOOKED)
        except Invalid as refusal:
            form.refuse(refusal)
        except Refusal as refusal:
            return _why_not(public_id, refusal)
    return _entry_page(public_id, by_hand=form), 400


@finance.post("/desk/bank/entries/<string:public_id>/link")
@desk_page("finance")
def link_entry(public_id: str) -> Answer:
    """It is money that was booked by hand before."""
    done = mark("The entry belongs to that booking now. Nothing more was booked.")
    return _decide(public_id, done, service.link_booking, request.form.get("incoming", ""))


@finance.post("/desk/bank/entries/<string:public_id>/return")
@desk_page("finance")
def return_entry(public_id: str) -> Answer:
    """The bank took a booking back with it."""
    done = mark("The booking is undone. What it paid is open again.")
    return _decide(public_id, done, service.return_entry, request.form.get("incoming", ""))


@finance.post("/desk/bank/entries/<string:public_id>/dismiss")
@desk_page("finance")
def dismiss_entry(public_id: str) -> Answer:
    """It is not a customer's money."""
    form = DismissForm()
    if not form.validate_on_submit():
        return _entry_page(public_id, dismissal=form), 400
    return _decide(public_id, mark("The entry is dismissed."), service.dismiss_entry, form.note.data or "")


@finance.post("/desk/bank/entries/<string:public_id>/restore")
@desk_page("finance")
def restore_entry(public_id: str) -> Answer:
    """Take the dismissal back, or work again on an entry whose booking was undone."""
    try:
        db.perform(service.restore_entry, viewer(), public_id)
    except Refusal as refusal:
        return _why_not(public_id, refusal)
    tell("success", mark("The entry waits again to be decided."))
    return see("finance.bank_entry", public_id=public_id)


def _decide(public_id: str, done: str, verb: Callable[[Viewer, str, str], BankEntry], given: str) -> Answer:
    """One decision with what the clerk gave for it; `done` is what is told then."""
    try:
        entry = db.perform(verb, viewer(), public_id, given)
    except Refusal as refusal:
        return _why_not(public_id, refusal)
    return _on(entry, done)


def _on(entry: BankEntry, message: str) -> Answer:
    """Back to the list that the clerk works on."""
    tell("success", message)
    if request.form.get("back") == "unmatched":
        return see("finance.unmatched")
    return see("finance.bank_statement", public_id=entry.statement.public_id)


def _why_not(public_id: str, refusal: Refusal) -> Answer:
    """Above the entry as it is now; what is not there or not allowed is a page of its own."""
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    return _entry_page(public_id, refusal=refusal), refusal.status


def _entry_page(
    public_id: str, *, by_hand: ByHandForm | None = None, dismissal: DismissForm | None = None,
    refusal: Refusal | None = None,
) -> str:  # fmt: skip
    search = request.args.get("search", "")[:100]
    with db.reading():
        found = queries.entry_of(viewer(), public_id)
        wanted = (by_hand.account.data or "") if by_hand else request.args.get("account", "")
        chosen = queries.by_hand(viewer(), found.entry, wanted) if wanted and found.entry.is_credit else None
        form = by_hand or ByHandForm(formdata=None)
        if chosen and not by_hand:
            form.show(chosen)
        form.set_currency(found.entry.currency)
        named = {invoice.public_id: invoice for invoice in chosen.invoices} if chosen else {}
        rows = [(row.form, named[row.form.invoice.data]) for row in form.shares if row.form.invoice.data in named]
        return page(
            "finance/bank-entry.html", found=found, entry=found.entry, chosen=chosen, form=form, rows=rows,
            dismissal=dismissal or DismissForm(formdata=None), refusal=refusal, search=search,
            accounts=queries.accounts_for(found.entry, search), back=request.values.get("back", ""),
        )  # fmt: skip
