"""What a contact reads: what waits, what was decided, one quote with its document."""

import re

from flask import request, url_for

from billing_core import clock, db, words
from billing_core.db.keyset import Slice
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from billing_core.web import downloads
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see
from corporate_portal.quotes import policy, queries, service, showing, states
from corporate_portal.quotes.forms import ConfirmationForm, MessageForm, RefusalForm, RevivalForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.changes import changes_between
from corporate_portal.quotes.views.about import about
from corporate_portal.quotes.views.blueprint import Answer, quotes


@quotes.get("/quotes")
@portal_page()
def index() -> Answer:
    """What waits for a decision: the landing page. `product` is named by the way here from Add Licenses."""
    with db.reading():
        rows = queries.outstanding(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        more = queries.more_licenses(viewer(), request.args.get("product", ""))
        return _list("quotes/index.html", rows, more=more, may_accept=_may_accept())


@quotes.get("/quotes/history")
@portal_page()
def history() -> Answer:
    """What was decided, withdrawn or has expired."""
    with db.reading():
        rows = queries.history(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return _list("quotes/history.html", rows, following=queries.following_states(rows.rows))


def _may_accept() -> bool:
    current = viewer().current
    return current is not None and policy.may_decide(viewer(), current.account_id)


def _list(template: str, rows: Slice[QuoteVersion], **context: object) -> str:
    here = request.endpoint or "quotes.index"
    newer = url_for(here, before=rows.previous) if rows.previous else None
    older = url_for(here, after=rows.following) if rows.following else None
    return page(template, versions=rows.rows, newer=newer, older=older, now=clock.now(), showing=showing, **context)


@quotes.get("/quotes/<string:public_id>")
@portal_page()
def detail(public_id: str) -> Answer:
    """The quote as a document, with a panel that says how much, until when, and what can be done."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
    if version.first_viewed_at is None and version.state == states.SENT and viewer().looking is None:
        db.perform(service.mark_viewed, viewer(), public_id)
    with db.reading():
        return detail_page(version)


def detail_page(
    version: QuoteVersion,
    message: MessageForm | None = None,
    revival: RevivalForm | None = None,
    confirmation: ConfirmationForm | None = None,
    refusal: RefusalForm | None = None,
) -> str:
    """The page of a quote, with its forms as they were sent, where one of them was refused."""
    following = queries.following_states([version]).get(version.quote_id)
    former, thread = queries.former_of(version), queries.thread_of(version)
    context = about(version) | {
        "state": showing.customer_state(version, following, clock.now()),
        "changes": changes_between(former, version) if former else None,
        "earlier": [one for one in queries.sent_versions(version) if one.version != version.version],
        "thread": thread,
        "asked_again": any(said.kind == "revival" and said.version == version.version for said in thread),
        "message_form": message or MessageForm(formdata=None),
        "revival_form": revival or RevivalForm(formdata=None, prefix="again"),
    }
    if policy.can_confirm(viewer(), version, clock.now()):
        context |= _second(version, confirmation or ConfirmationForm(formdata=None), refusal)
    return page("quotes/detail.html", **context)


def _second(version: QuoteVersion, form: ConfirmationForm, refusal: RefusalForm | None) -> dict[str, object]:
    """What another contact accepted, in the order details given, and the forms of the answer to it."""
    first, standing = version.first_acceptance, viewer().standing_in(version.account_id)
    function = standing.function if standing else ""
    said = terms.declaration(version, viewer().display_name, function, words.locale())
    form.wording.data, form.language.data = said.sha256, said.locale
    refusal = refusal or RefusalForm(formdata=None, prefix="refusal")
    form.first.data = refusal.first.data = first.sha256 if first else ""
    members = {person.public_id: person.name for person in service.members_of(version.account_id)}
    admin = members.get(first.admin_member, first.admin_name) if first else ""
    return {"second": said, "confirmation_form": form, "refusal_form": refusal, "admin": admin}


@quotes.get("/quotes/<string:public_id>/versions/<string:version>")
@portal_page()
def earlier_version(public_id: str, version: str) -> Answer:
    """What was sent before, to read only."""
    if re.fullmatch("[1-9][0-9]{0,3}", version) is None:
        raise NotFound
    with db.reading():
        found = queries.submitted_version(viewer(), public_id, int(version))
        if found.is_shown:
            return see("quotes.detail", public_id=public_id)
        sent = {one.version: one.at for one in queries.sent_versions(found)}
        following = min(number for number in sent if number > found.version)
        context = about(found) | {"following": following, "replaced_at": sent[following]}
        return page("quotes/version.html", **context)


@quotes.get("/quotes/<string:public_id>/pdf")
@portal_page()
def pdf(public_id: str) -> Answer:
    """The stored document; while the worker still prints it, a page that looks again by itself."""
    with db.reading():
        version = queries.current_version(viewer(), public_id)
        content = documents.content(version.public_id, "quote")
        return downloads.document(content, "quotes/pdf-pending.html", quote=version.quote)
