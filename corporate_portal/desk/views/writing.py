"""The representative's pages of writing a quote: whom it is for, the form, sending it and taking it back."""

from collections.abc import Callable

from flask import Response, jsonify, request

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotFound
from billing_core.subscriptions import queries as subscriptions
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries
from corporate_portal.desk.forms import QuoteForm, Shown, changes_lines, fields_of, located, new_key, sent_fields
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes import states
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.beginning import blank, copy_of, renewal_of
from corporate_portal.quotes.offer.content import QuoteContent, content_of
from corporate_portal.quotes.offer.groups import in_groups
from corporate_portal.quotes.offer.pricing import PricedQuote, price_quote
from corporate_portal.quotes.refusals import NotSubmitted


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
    """An empty form, or with `renew` the renewal of one of the account's subscriptions."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)
        renewed = request.args.get("renew", "")
        one = next((one for one in subscriptions.of_account(account.id) if one.public_id == renewed), None)
        if renewed and one is None:
            raise NotFound
        return _new_form(account, renewal_of(one, account) if one else blank(account))


@desk.get("/desk/quotes/<string:public_id>/copy")
@desk_page("rep")
def copy_quote(public_id: str) -> Answer:
    """The form of a new quote for the same account, with the content of this one. Nothing is written."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
        account = queries.own_account(viewer(), version.quote.account.public_id)
        return _new_form(account, copy_of(version))


def _new_form(account: Account, content: QuoteContent) -> str:
    values = fields_of(content, account.currency, key=new_key(), seen="")
    return _form_page(account, QuoteForm(formdata=None, data=values), _comes_to(account, content))


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


@desk.post("/desk/accounts/<string:public_id>/quotes/totals")
@desk_page("rep")
def quote_totals(public_id: str) -> tuple[Response, int]:
    """What the form as it stands comes to, as a piece of the page for its script. Writes nothing; 400 says why not."""
    with db.reading():
        account = queries.own_account(viewer(), public_id)
        priced, sentences = _sums(account)
        groups = in_groups(priced.lines, priced.currency) if priced else []
        piece = page("desk/quote-form-sums.html", priced=priced, groups=groups, sentences=sentences)
    return jsonify(piece=piece), 200 if priced else 400


def _sums(account: Account) -> tuple[PricedQuote | None, list[str]]:
    """What the sent form comes to, or why that cannot be said yet. A title and the like may still be missing."""
    try:
        form = QuoteForm(formdata=sent_fields(request.form, "recalculate"))
        form.validate()
        unread = form.unread()
        return (None, unread) if unread else (price_quote(account, form.content(account)), [])
    except Invalid as refusal:
        return None, [located(refusal)]


@desk.get("/desk/quotes/<string:public_id>/edit")
@desk_page("rep")
def edit_quote(public_id: str) -> Answer:
    """The form with the draft in it."""
    with db.reading():
        version = _own_draft(public_id)
        account = version.quote.account
        content = content_of(version)
        values = fields_of(content, account.currency, key="", seen=quotes.draft_sha256(version))
        return _form_page(account, QuoteForm(formdata=None, data=values), _comes_to(account, content), version)


def _comes_to(account: Account, content: QuoteContent) -> PricedQuote | None:
    """What the content comes to today; None while it cannot be priced: the form says why once it is sent."""
    try:
        return price_quote(account, content)
    except Invalid:
        return None


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
    if changes_lines(act):
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
    shown = Shown(
        queries.offers(account), subscriptions.of_account(account.id), account.currency, clock.today(account.timezone)
    )
    form.show(shown)
    return page(
        "desk/quote-form.html", account=account, form=form, priced=priced, version=version, sentences=[],
        groups=in_groups(priced.lines, priced.currency) if priced else [],
        can_change_seats=any(not one.is_over(shown.today) for one in shown.subscriptions),
        can_renew=bool(shown.subscriptions), zones=(account.timezone, account.seller.timezone, *clock.zones()),
    )  # fmt: skip


@desk.post("/desk/quotes/<string:public_id>/submit")
@desk_page("rep")
def submit(public_id: str) -> Answer:
    """Send the draft to the customer."""
    try:
        version = db.perform(quotes.submit_quote, viewer(), public_id, request.form.get("seen", ""))
    except Invalid as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.quote", public_id=public_id)
    if version.state == states.AWAITING_APPROVAL:
        tell("info", mark("The discount is above your limit. The managers are asked; it is sent when one approves."))
    else:
        tell("success", mark("The quote is sent. The contacts who may accept it get a mail."))
    return see("desk.quote", public_id=public_id)


@desk.post("/desk/quotes/<string:public_id>/revise")
@desk_page("rep")
def revise(public_id: str) -> Answer:
    """Begin the next version: a draft with the same content, opened in the form."""
    try:
        db.perform(quotes.revise_quote, viewer(), public_id)
    except Invalid as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.quote", public_id=public_id)
    tell("success", mark("This is the next version. The customer sees it when you submit it."))
    return see("desk.edit_quote", public_id=public_id)


@desk.post("/desk/quotes/<string:public_id>/withdraw")
@desk_page("rep")
def withdraw(public_id: str) -> Answer:
    """Take the quote back."""
    db.perform(quotes.withdraw_quote, viewer(), public_id)
    tell("success", mark("The quote is withdrawn. It can no longer be accepted."))
    return see("desk.quote", public_id=public_id)
