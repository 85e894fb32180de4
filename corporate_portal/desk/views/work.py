"""The staff's pages beside writing: the work list, what became of quotes, and the jobs that gave up."""

import re
from functools import partial
from typing import Any

from flask import request, url_for

from billing_core import clock, db, jobs, words
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from billing_core.web import downloads
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries, service
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.quotes import policy, showing, states
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import recurring, terms
from corporate_portal.quotes.offer.document import parties_of


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
