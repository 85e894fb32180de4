"""The staff's pages: the work list, quotes in the making, what became of them, and the jobs that gave up."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from billing_core import clock, db, jobs, words
from billing_core.accounts import Account
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotFound
from billing_core.web import downloads
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries, service
from corporate_portal.desk.forms import QuoteForm, fields_of, new_key, sent_fields
from corporate_portal.quotes import policy, showing, states
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import recurring, terms
from corporate_portal.quotes.offer.content import QuoteContent, content_of
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.offer.pricing import PricedQuote, price_quote
from corporate_portal.quotes.refusals import NotSubmitted, QuoteRefusal

desk = Blueprint("desk", __name__)

Answer = str | Response | tuple[str, int]
STANDARD_TERM = 12


@desk.errorhandler(QuoteRefusal)
def refused(refusal: QuoteRefusal) -> Answer:
    """Why it is not possible, and the way back to the quote as it stands now."""
    public_id = (request.view_args or {}).get("public_id", "")
    return page("desk/refused.html", sentence=words.sentence(refusal), public_id=public_id), refusal.status


@desk.get("/desk")
@desk_page()
def index() -> Answer:
    """The work list."""
    with db.reading():
        parts = queries.work_lists(viewer())
        return page(
            "desk/index.html", parts=parts, may_write=viewer().is_staff("rep"), now=clock.now(), showing=showing
        )


@desk.get("/desk/quotes")
@desk_page()
def quote_list() -> Answer:
    """All quotes, filtered by the address."""
    show, search = request.args.get("show", ""), request.args.get("search", "")[:100]
    after, before = request.args.get("after", ""), request.args.get("before", "")
    with db.reading():
        rows = queries.quotes(viewer(), show, search, after, before)
        here = partial(url_for, "desk.quote_list", show=show, search=search)
        newer = here(before=rows.previous) if rows.previous else None
        older = here(after=rows.following) if rows.following else None
        filters = [(name, words.gettext(heading)) for name, (heading, _) in queries.SHOWN.items()]
        return page(
            "desk/quotes.html", versions=rows.rows, newer=newer, older=older, show=show, search=search,
            filters=filters, now=clock.now(), showing=showing,
        )  # fmt: skip


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


@desk.get("/desk/quotes/<string:public_id>")
@desk_page()
def quote(public_id: str) -> Answer:
    """Where a quote stands, and what can be done with it."""
    with db.reading():
        return page("desk/quote.html", **_about(queries.current_version(viewer(), public_id)))


@desk.get("/desk/quotes/<string:public_id>/preview")
@desk_page()
def preview(public_id: str) -> Answer:
    """The document as the customer is going to read it, with the way to submit it."""
    with db.reading():
        return page("desk/preview.html", **_about(queries.current_version(viewer(), public_id)))


def _about(version: QuoteVersion) -> dict[str, Any]:
    now, account = clock.now(), version.quote.account
    return {
        "realm": viewer().realm.value,
        "version": version,
        "quote": version.quote,
        "account": account,
        "parties": parties_of(version),
        "groups": showing.groups_of(version),
        "recurring": recurring.recurring_of(version),
        "renewal": recurring.term_end(version),
        "last_day": recurring.last_day(version),
        "terms": terms.paragraphs(version),
        "days_left": showing.days_left(version, now),
        "state": version.shown_state(now),
        "is_open": version.is_outstanding(now),
        "can_change": policy.can_change(viewer(), version, account),
        "can_withdraw": policy.can_withdraw(viewer(), version, account, now),
        "seen": quotes.draft_sha256(version) if version.state == states.DRAFT else "",
    }


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


@desk.get("/desk/quotes/<string:public_id>/pdf")
@desk_page()
def pdf(public_id: str) -> Answer:
    """The stored document of a submitted quote; while the worker still prints it, a page that looks again."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
        content = documents.content(version.public_id, "quote")
        return downloads.document(content, "desk/pdf-pending.html", quote=version.quote)


@desk.get("/desk/jobs", endpoint="jobs")
@desk_page(*service.MAY_RETRY)
def list_jobs() -> Answer:
    """The jobs that gave up, with the error of their last attempt."""
    with db.reading():
        return page("desk/jobs.html", dead=jobs.dead())


@desk.post("/desk/jobs/<string:number>/retry")
@desk_page(*service.MAY_RETRY)
def retry_job(number: str) -> Answer:
    """Give a job another round of attempts."""
    if re.fullmatch("[0-9]{1,9}", number) is None:
        raise NotFound
    try:
        db.perform(service.retry_job, viewer(), int(number))
        tell("success", mark("The job will be tried again at once."))
    except service.SameWorkWaiting as refusal:
        tell("info", refusal.message)
    return see("desk.jobs")
