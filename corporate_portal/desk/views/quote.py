"""The desk's pages of one quote: where it stands, its thread, a manager's approval, and what the customer sees."""

import re
from typing import Any

from flask import request

from billing_core import clock, db
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotFound
from billing_core.web import downloads
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries, service
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.quotes import policy, showing, states
from corporate_portal.quotes import queries as kept
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes.forms import MessageForm, ReturnForm, RevivalForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import recurring, terms
from corporate_portal.quotes.offer.changes import changes_between
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.refusals import NotAwaitingApproval, NotLooked


@desk.get("/desk/quotes/<string:public_id>")
@desk_page()
def quote(public_id: str) -> Answer:
    """Where a quote stands, and what can be done with it."""
    with db.reading():
        return _quote_page(queries.current_version(viewer(), public_id), MessageForm(formdata=None))


@desk.post("/desk/quotes/<string:public_id>/messages")
@desk_page("rep")
def send_message(public_id: str) -> Answer:
    """Say something to the customer."""
    form = MessageForm()
    if form.validate_on_submit():
        try:
            db.perform(quotes.answer, viewer(), public_id, form.text.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("Your message is kept with the quote, and the contacts who take part get it by mail."))
            return see("desk.quote", public_id=public_id, _anchor="thread")
    with db.reading():
        return _quote_page(queries.current_version(viewer(), public_id), form), 400


def _quote_page(version: QuoteVersion, form: MessageForm) -> str:
    sent = kept.sent_versions(version)
    return page(
        "desk/quote.html", **about(version), thread=kept.thread_of(version), approvals=queries.approvals_of(version),
        sent=[one for one in sent if one.version != version.version], was_sent=bool(sent), message_form=form,
        looks=viewer().is_staff("rep", "rep_manager"),
    )  # fmt: skip


@desk.get("/desk/quotes/<string:public_id>/preview")
@desk_page()
def preview(public_id: str) -> Answer:
    """The document as the customer is going to read it, what changed since the last one, and the way to submit it."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
        former = kept.former_of(version)
        changes = changes_between(former, version) if former else None
        return page("desk/preview.html", changes=changes, **about(version))


@desk.get("/desk/quotes/<string:public_id>/versions/<string:version>")
@desk_page()
def sent_version(public_id: str, version: str) -> Answer:
    """A version as it was sent."""
    if re.fullmatch("[1-9][0-9]{0,3}", version) is None:
        raise NotFound
    with db.reading():
        return page("desk/version.html", **about(queries.sent_before(viewer(), public_id, int(version))))


@desk.get("/desk/quotes/<string:public_id>/approval")
@desk_page("rep_manager")
def approval(public_id: str) -> Answer:
    """The discount against the limit, the document, and the answers."""
    with db.reading():
        return _approval_page(queries.current_version(viewer(), public_id), ReturnForm(formdata=None))


def _approval_page(version: QuoteVersion, form: ReturnForm) -> str:
    asked = next((one for one in queries.approvals_of(version) if one.decided_at is None), None)
    if asked is None or version.state != states.AWAITING_APPROVAL:
        raise NotAwaitingApproval
    former = kept.former_of(version)
    changes = changes_between(former, version) if former else None
    context = about(version) | {"seen": quotes.draft_sha256(version)}
    return page("desk/approval.html", asked=asked, form=form, changes=changes, **context)


@desk.post("/desk/quotes/<string:public_id>/approve")
@desk_page("rep_manager")
def approve(public_id: str) -> Answer:
    """Send the quote as it was asked for."""
    try:
        db.perform(quotes.approve_quote, viewer(), public_id, request.form.get("seen", ""))
    except Invalid as refusal:
        tell("error", refusal.message, **refusal.params)
        return see("desk.approval", public_id=public_id)
    tell("success", mark("The quote is approved and sent. Its representative has been told."))
    return see("desk.quote", public_id=public_id)


@desk.post("/desk/quotes/<string:public_id>/return")
@desk_page("rep_manager")
def return_quote(public_id: str) -> Answer:
    """Give it back to the representative with a note."""
    form = ReturnForm()
    if form.validate_on_submit():
        try:
            db.perform(quotes.return_quote, viewer(), public_id, form.note.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("The quote is a draft again. Its representative has your note."))
            return see("desk.quote", public_id=public_id)
    with db.reading():
        return _approval_page(queries.current_version(viewer(), public_id), form), 400


@desk.post("/desk/quotes/<string:public_id>/customer-view")
@desk_page()
def look(public_id: str) -> Answer:
    """Write down that somebody is about to look at the customer's page."""
    db.perform(service.look_as_customer, viewer(), public_id)
    return see("desk.customer_view", public_id=public_id)


@desk.get("/desk/quotes/<string:public_id>/customer-view")
@desk_page()
def customer_view(public_id: str) -> Answer:
    """The page as the contacts have it, with nothing on it that works. Only after a look that was written down."""
    with db.reading():
        version = queries.shown_version(viewer(), public_id)
        if not queries.has_looked(viewer(), public_id):
            raise NotLooked
        following = kept.following_states([version]).get(version.quote_id)
        former = kept.former_of(version)
        context = about(version) | {
            "realm": "look",
            "state": showing.customer_state(version, following, clock.now()),
            "changes": changes_between(former, version) if former else None,
            "thread": kept.thread_of(version),
            "message_form": MessageForm(formdata=None),
            "revival_form": RevivalForm(formdata=None, prefix="again"),
        }
        return page("desk/customer-view.html", **context)


def about(version: QuoteVersion) -> dict[str, Any]:
    """What every page of the desk about one quote shows."""
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
        "can_confirm": False,
        "seconds": quotes.seconds_of(version),
        "can_change": policy.can_change(viewer(), version, account),
        "can_revise": policy.can_revise(viewer(), version, account, now),
        "can_withdraw": policy.can_withdraw(viewer(), version, account, now),
        "may_copy": policy.may_write_for(viewer(), account),
        "can_answer": policy.may_write_for(viewer(), account),
        "may_approve": policy.may_approve(viewer()),
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
