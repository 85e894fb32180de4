"""The pages of finance: who owes what, what came in, and where it goes."""

from flask import request

from billing_core import clock, db
from billing_core.bank.queries import waiting_sums
from billing_core.errors import Invalid, NotFound, Refusal
from billing_core.ledger.incoming import check_money, spread
from billing_core.payments import booking
from billing_core.vat_ids.queries import standing
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.forms.booking import METHOD_NAMES, BookingForm
from corporate_portal.finance.queries import money as queries
from corporate_portal.finance.queries import reviews
from corporate_portal.finance.queries.crediting import invoices_numbered
from corporate_portal.finance.queries.money import AccountMoney
from corporate_portal.finance.views.blueprint import Answer, finance, key_of, new_key
from corporate_portal.receivables.queries.reminders import reminders_of


@finance.get("/desk/money")
@desk_page("finance")
def index() -> Answer:
    """Accounts with money open or left; by a search also others, and invoices by their number."""
    search = request.args.get("search", "")[:100]
    with db.reading():
        rows, has_more = queries.owing(search)
        invoices, now = invoices_numbered(search), clock.now()
        return page(
            "finance/index.html", rows=rows, has_more=has_more, search=search, invoices=invoices,
            waiting=sum(one.number for one in waiting_sums(viewer())),
            to_review=reviews.count(viewer()),
            today=lambda invoice: clock.local(now, invoice.seller.timezone).date(),
        )  # fmt: skip


@finance.get("/desk/accounts/<string:public_id>/money")
@desk_page("finance")
def account(public_id: str) -> Answer:
    """What is open, what is left, and what came in."""
    with db.reading():
        found = queries.money_of(viewer(), public_id)
        return page(
            "finance/account.html",
            found=found,
            account=found.account,
            methods=METHOD_NAMES,
            key=new_key(),
            reminders=reminders_of(found.account),
            vat=standing(found.account),
        )


@finance.get("/desk/accounts/<string:public_id>/money/book")
@desk_page("finance")
def book(public_id: str) -> Answer:
    """What came in, and when and how."""
    with db.reading():
        found = queries.money_of(viewer(), public_id)
        return _form_page(found, BookingForm(formdata=None, data={"received_on": found.today}))


@finance.post("/desk/accounts/<string:public_id>/money/book")
@desk_page("finance")
def keep_booking(public_id: str) -> Answer:
    """Show where it goes, or book it as it is shown."""
    form = BookingForm()
    with db.reading():
        found = queries.money_of(viewer(), public_id)
    form.offer(found.account.currency)
    if form.validate_on_submit():
        try:
            if request.form.get("act") == "book":
                db.perform(booking.book_incoming, viewer(), public_id, form.money(by_hand=True), key_of(form.key.data))
                tell("success", mark("The money is booked."))
                return see("finance.account", public_id=public_id)
            return _show_spread(found, form)
        except Invalid as refusal:
            form.refuse(refusal)
    with db.reading():
        return _form_page(found, form), 400


def _show_spread(found: AccountMoney, form: BookingForm) -> str:
    """Where the money goes: the oldest due first, until a person says otherwise."""
    by_hand = bool(form.shares.entries)
    incoming = form.money(by_hand=by_hand)
    check_money(incoming, found.today)
    done = spread(incoming, found.invoices)
    if not by_hand:
        form.show(done, found.invoices, found.account.currency)
    with db.reading():
        return _form_page(found, form, rest=done.rest)


def _form_page(found: AccountMoney, form: BookingForm, rest: int | None = None) -> str:
    form.offer(found.account.currency)
    named = {invoice.public_id: invoice for invoice in found.invoices}
    rows = [(row.form, named[row.form.invoice.data]) for row in form.shares if row.form.invoice.data in named]
    return page("finance/book.html", found=found, account=found.account, form=form, rows=rows, rest=rest)


@finance.post("/desk/invoices/<string:public_id>/use-credit")
@desk_page("finance")
def use_credit(public_id: str) -> Answer:
    """Let the account's credit pay as much of an invoice as it can."""
    try:
        invoice = db.perform(booking.use_credit, viewer(), public_id, None, key_of(request.form.get("key")))
    except NotFound:
        raise
    except Refusal as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("finance.invoice", public_id=public_id)
    tell("success", mark("Account credit was used for invoice %(number)s."), number=invoice.number)
    if request.form.get("back") == "invoice":
        return see("finance.invoice", public_id=public_id)
    with db.reading():
        owner = queries.account_of(invoice)
    return see("finance.account", public_id=owner.public_id)
