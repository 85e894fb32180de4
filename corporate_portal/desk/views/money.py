"""The pages of finance: who owes what, what came in, and where it goes."""

import re
import secrets

from flask import request

from billing_core import db
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.incoming import check_money, spread
from billing_core.payments import booking
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries
from corporate_portal.desk.forms.booking import METHOD_NAMES, BookingForm
from corporate_portal.desk.queries.money import AccountMoney
from corporate_portal.desk.views.blueprint import Answer, desk


@desk.get("/desk/money")
@desk_page("finance")
def money() -> Answer:
    """Accounts with money open or left."""
    search = request.args.get("search", "")[:100]
    with db.reading():
        rows, has_more = queries.owing(search)
        return page("desk/money.html", rows=rows, has_more=has_more, search=search)


@desk.get("/desk/accounts/<string:public_id>/money")
@desk_page("finance")
def account_money(public_id: str) -> Answer:
    """What is open, what is left, and what came in."""
    with db.reading():
        found = queries.money_of(viewer(), public_id)
        return page(
            "desk/account-money.html",
            found=found,
            account=found.account,
            methods=METHOD_NAMES,
            key=secrets.token_hex(16),
        )


@desk.get("/desk/accounts/<string:public_id>/money/book")
@desk_page("finance")
def book_money(public_id: str) -> Answer:
    """What came in, and when and how."""
    with db.reading():
        found = queries.money_of(viewer(), public_id)
        return _form_page(found, BookingForm(formdata=None, data={"received_on": found.today}))


@desk.post("/desk/accounts/<string:public_id>/money/book")
@desk_page("finance")
def keep_money(public_id: str) -> Answer:
    """Show where it goes, or book it as it is shown."""
    form = BookingForm()
    with db.reading():
        found = queries.money_of(viewer(), public_id)
    form.offer(found.account.currency)
    if form.validate_on_submit():
        try:
            if request.form.get("act") == "book":
                db.perform(booking.book_incoming, viewer(), public_id, form.money(by_hand=True), _key(form.key.data))
                tell("success", mark("The money is booked."))
                return see("desk.account_money", public_id=public_id)
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
    return page("desk/book-money.html", found=found, account=found.account, form=form, rows=rows, rest=rest)


def _key(sent: str | None) -> str:
    """The random key of the form; one that is not ours protects from nothing, so it becomes a new one."""
    return sent if sent and re.fullmatch("[0-9a-f]{32}", sent) else secrets.token_hex(16)


@desk.post("/desk/invoices/<string:public_id>/use-credit")
@desk_page("finance")
def use_credit(public_id: str) -> Answer:
    """Let the account's credit pay as much of an invoice as it can."""
    try:
        invoice = db.perform(booking.use_credit, viewer(), public_id, None, _key(request.form.get("key")))
    except Refusal as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.money")
    tell("success", mark("Account credit was used for invoice %(number)s."), number=invoice.number)
    with db.reading():
        account = queries.account_of(invoice)
    return see("desk.account_money", public_id=account.public_id)
