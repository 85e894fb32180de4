"""The staff's pages beside writing: the work list and what stands behind it, and the jobs that gave up."""

import re
from functools import partial

from flask import request, url_for

from billing_core import clock, db, jobs, words
from billing_core.errors import NotFound
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries, service
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.desk.views.contact_changes import VERIFIERS
from corporate_portal.quotes import showing


@desk.get("/desk")
@desk_page()
def index() -> Answer:
    """The work list."""
    with db.reading():
        parts = queries.work_lists(viewer())
        may_write = viewer().is_staff("rep")
        return page(
            "desk/index.html",
            parts=parts,
            may_write=may_write,
            verifies=viewer().is_staff(*VERIFIERS),
            now=clock.now(),
            showing=showing,
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


@desk.get("/desk/terms")
@desk_page()
def terms() -> Answer:
    """Terms that end and that nothing follows, filtered by the address."""
    band = request.args.get("within", "")
    after, before = request.args.get("after", ""), request.args.get("before", "")
    with db.reading():
        rows = queries.ending_terms(viewer(), band, after, before)
        here = partial(url_for, "desk.terms", within=band)
        newer = here(before=rows.previous) if rows.previous else None
        older = here(after=rows.following) if rows.following else None
        bands = [("", words.gettext("All")), *((name, words.gettext(text)) for name, text in queries.BANDS.items())]
        return page(
            "desk/terms.html", terms=rows.rows, newer=newer, older=older, bands=bands, band=band,
            may_write=viewer().is_staff("rep"),
        )  # fmt: skip


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
