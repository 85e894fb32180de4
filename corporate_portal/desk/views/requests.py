"""The desk's pages of what customers ask for: the list, one request, and its two answers."""

from functools import partial

from flask import request, url_for

from billing_core import db
from billing_core.errors import Invalid
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.requests import policy, queries, service, states
from corporate_portal.requests.forms import AnswerForm
from corporate_portal.requests.models import QuoteRequest
from corporate_portal.requests.refusals import RequestAnswered


@desk.get("/desk/requests")
@desk_page()
def request_list() -> Answer:
    """What waits for an answer, the oldest first; `show=all` lists the answered ones too."""
    show, after, before = (request.args.get(name, "") for name in ("show", "after", "before"))
    with db.reading():
        read = queries.all_requests if show == "all" else queries.open_requests
        rows = read(viewer(), after, before)
        here = partial(url_for, "desk.request_list", show=show)
        newer = here(before=rows.previous) if rows.previous else None
        older = here(after=rows.following) if rows.following else None
        return page("desk/requests.html", requests=rows.rows, newer=newer, older=older, show=show)


@desk.get("/desk/requests/<string:public_id>")
@desk_page()
def quote_request(public_id: str) -> Answer:
    """What is wanted, in whose words, and the two answers."""
    with db.reading():
        return _page(queries.request_at_desk(viewer(), public_id), AnswerForm(formdata=None))


def _page(asked: QuoteRequest, form: AnswerForm) -> str:
    can_answer = asked.state == states.OPEN and policy.may_answer(viewer(), asked.account)
    return page("desk/request.html", asked=asked, form=form, can_answer=can_answer)


@desk.post("/desk/requests/<string:public_id>/draft")
@desk_page("rep")
def draft_request(public_id: str) -> Answer:
    """One click: a draft quote of what was asked for, opened in the form."""
    try:
        quote = db.perform(service.draft_from_request, viewer(), public_id)
    except (Invalid, RequestAnswered) as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.quote_request", public_id=public_id)
    tell("success", mark("The draft is made of the request. Look at it, then submit it."))
    return see("desk.quote", public_id=quote.public_id)


@desk.post("/desk/requests/<string:public_id>/close")
@desk_page("rep")
def close_request(public_id: str) -> Answer:
    """No quote, but an answer by mail."""
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            db.perform(service.close_request, viewer(), public_id, form.answer.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        except RequestAnswered as refusal:
            tell("error", refusal.message)
            return see("desk.quote_request", public_id=public_id)
        else:
            tell("success", mark("The request is closed. The contact who asked gets your answer by mail."))
            return see("desk.quote_request", public_id=public_id)
    with db.reading():
        return _page(queries.request_at_desk(viewer(), public_id), form), 400
