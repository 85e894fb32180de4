"""What a contact says about a quote: asks for a change, comments, asks for an expired one again."""

from flask import request

from billing_core import clock, db
from billing_core.errors import Invalid, NotAllowed
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.quotes import policy, queries, service
from corporate_portal.quotes.forms import ChangeForm, MessageForm, RevivalForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.views.about import about
from corporate_portal.quotes.views.blueprint import Answer, quotes
from corporate_portal.quotes.views.reading import detail_page

TOLD = mark("Your message is kept with the quote, and your representative has been told.")


@quotes.get("/quotes/<string:public_id>/change")
@portal_page()
def change(public_id: str) -> Answer:
    """Ask what should be different."""
    with db.reading():
        version = _changeable(public_id, request.args.get("reviewed", ""))
        form = ChangeForm(formdata=None, data={"reviewed": version.sha256})
        return page("quotes/change.html", form=form, **about(version))


@quotes.post("/quotes/<string:public_id>/change")
@portal_page()
def send_change(public_id: str) -> Answer:
    """Ask the representative for another version."""
    form = ChangeForm()
    if form.validate_on_submit():
        try:
            db.perform(service.ask_change, viewer(), public_id, form.text.data or "", form.reviewed.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("Your representative has been told. Until a new version comes, this one stays valid."))
            return see("quotes.detail", public_id=public_id)
    with db.reading():
        version = _changeable(public_id, form.reviewed.data or "")
        return page("quotes/change.html", form=form, **about(version)), 400


def _changeable(public_id: str, reviewed: str) -> QuoteVersion:
    version = queries.current_version(viewer(), public_id)
    if not policy.may_decide(viewer(), version.account_id):
        raise NotAllowed
    service.refuse_unless_open(version, clock.now())
    service.refuse_unless_reviewed(version, reviewed)
    return version


@quotes.post("/quotes/<string:public_id>/comments")
@portal_page()
def send_comment(public_id: str) -> Answer:
    """Say something to the representative."""
    form = MessageForm()
    if form.validate_on_submit():
        try:
            db.perform(service.comment, viewer(), public_id, form.text.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", TOLD)
            return see("quotes.detail", public_id=public_id, _anchor="thread")
    with db.reading():
        return detail_page(queries.current_version(viewer(), public_id), message=form), 400


@quotes.post("/quotes/<string:public_id>/revival")
@portal_page()
def ask_again(public_id: str) -> Answer:
    """Ask for an expired quote again."""
    form = RevivalForm(prefix="again")
    if form.validate_on_submit():
        try:
            db.perform(service.ask_revival, viewer(), public_id, form.text.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("Your representative has been asked for a new quote."))
            return see("quotes.detail", public_id=public_id)
    with db.reading():
        return detail_page(queries.current_version(viewer(), public_id), revival=form), 400
