"""The representative's pages of writing a quote: whom it is for, the form, sending it and taking it back."""

from collections.abc import Callable

from flask import request

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries
from corporate_portal.desk.forms import QuoteForm, fields_of, new_key, sent_fields
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes import states
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.content import QuoteContent, content_of
from corporate_portal.quotes.offer.pricing import PricedQuote, price_quote
from corporate_portal.quotes.refusals import NotSubmitted

STANDARD_TERM = 12


@desk.get("/desk/quotes/new")
@desk_page("rep")
def choose_account() -> Answer:
    """Whom the quote is for: one of the representative's own accounts."""
    search = request.args.get("search", "")[:100]
    with db.reading():
        accounts, has_more = queries.own_accounts(viewer(), search)
        return page("desk/choose-account.html", accounts=accounts, has_more=has_more, search=search)


@desk.get("/desk/accounts/<string:public_id>/quotes/new")
@desk_page("rep")
def new_quote(public_id: str) -> Answer:
    """An empty form."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)
        blank = QuoteContent("", clock.today(account.timezone), STANDARD_TERM, (), locale=account.locale)
        form = QuoteForm(formdata=None, data=fields_of(blank, account.currency, key=new_key(), seen=""))
        return _form_page(account, form)


@desk.post("/desk/accounts/<string:public_id>/quotes/new")
@desk_page("rep")
def save_new_quote(public_id: str) -> Answer:
    """Add or remove a line, recalculate, or save the draft."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)

    def save(content: QuoteContent, form: QuoteForm) -> str:
        key = form.key.data if form.key.data and form.key.data.isalnum() and len(form.key.data) <= 40 else ""
        return db.perform(quotes.draft_quote, viewer(), public_id, content, key).public_id

    return _act(account, save)


@desk.get("/desk/quotes/<string:public_id>/edit")
@desk_page("rep")
def edit_quote(public_id: str) -> Answer:
    """The form with the draft in it."""
    with db.reading():
        version = _own_draft(public_id)
        account = version.quote.account
        content = content_of(version)
        values = fields_of(content, account.currency, key="", seen=quotes.draft_sha256(version))
        return _form_page(account, QuoteForm(formdata=None, data=values), version=version)


@desk.post("/desk/quotes/<string:public_id>/edit")
@desk_page("rep")
def save_quote(public_id: str) -> Answer:
    """Add or remove a line, recalculate, or save the changes."""
    with db.reading():
        version = _own_draft(public_id)

    def save(content: QuoteContent, form: QuoteForm) -> str:
        db.perform(quotes.change_draft, viewer(), public_id, content, form.seen.data or "")
        return public_id

    return _act(version.quote.account, save, version)


def _own_draft(public_id: str) -> QuoteVersion:
    version = queries.current_version(viewer(), public_id)
    if version.state != states.DRAFT:
        raise NotSubmitted
    queries.own_account(viewer(), version.quote.account.public_id)
    return version


def _act(
    account: Account, save: Callable[[QuoteContent, QuoteForm], str], version: QuoteVersion | None = None
) -> Answer:
    """What the pressed button says. Only saving writes; the others show the form again."""
    act = request.form.get("act", "recalculate")
    try:
        form = QuoteForm(formdata=sent_fields(request.form, act))
    except Invalid as refusal:
        form = QuoteForm(formdata=sent_fields(request.form, "recalculate"))
        form.refuse(refusal)
        with db.reading():
            return _form_page(account, form, version=version), 400
    if act == "add" or act.startswith("remove-"):
        with db.reading():
            return _form_page(account, form, version=version)
    return _save_or_recalculate(account, form, save if act == "save" else None, version)


def _save_or_recalculate(
    account: Account,
    form: QuoteForm,
    save: Callable[[QuoteContent, QuoteForm], str] | None,
    version: QuoteVersion | None,
) -> Answer:
    if form.validate_on_submit():
        try:
            content = form.content(account)
            if save is not None:
                public_id = save(content, form)
                tell("success", mark("The draft is saved."))
                return see("desk.quote", public_id=public_id)
            with db.reading():
                return _form_page(account, form, price_quote(account, content), version)
        except Invalid as refusal:
            form.refuse(refusal)
    with db.reading():
        return _form_page(account, form, version=version), 400


def _form_page(
    account: Account, form: QuoteForm, priced: PricedQuote | None = None, version: QuoteVersion | None = None
) -> str:
    if not form.lines.entries:
        form.lines.append_entry()
    form.offer(queries.offers(account), account.currency)
    return page("desk/quote-form.html", account=account, form=form, priced=priced, version=version)


@desk.post("/desk/quotes/<string:public_id>/submit")
@desk_page("rep")
def submit(public_id: str) -> Answer:
    """Send the draft to the customer."""
    try:
        db.perform(quotes.submit_quote, viewer(), public_id, request.form.get("seen", ""))
    except Invalid as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.quote", public_id=public_id)
    tell("success", mark("The quote is sent. The contacts who may accept it get a mail."))
    return see("desk.quote", public_id=public_id)


@desk.post("/desk/quotes/<string:public_id>/withdraw")
@desk_page("rep")
def withdraw(public_id: str) -> Answer:
    """Take the quote back."""
    db.perform(quotes.withdraw_quote, viewer(), public_id)
    tell("success", mark("The quote is withdrawn. It can no longer be accepted."))
    return see("desk.quote", public_id=public_id)
