"""Quotes: what a representative does at the desk, done by a program in that representative's place."""

from collections.abc import Callable
from functools import partial

from flask import Response, url_for

from billing_core import db
from billing_core.documents import service as documents
from corporate_portal.api import queries, showing
from corporate_portal.api.policy import Scope
from corporate_portal.api.queries import Wanted
from corporate_portal.api.schemas.asked import NewQuote, QuotesWanted, QuoteText
from corporate_portal.api.schemas.quotes import QuoteTold, WholeQuoteTold
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.service import Reply
from corporate_portal.api.views import answering, asking
from corporate_portal.api.views.blueprint import api
from corporate_portal.api.views.doors import Operation, caller, operation
from corporate_portal.quotes import service
from corporate_portal.quotes.policy import Integration
from corporate_portal.quotes.service.locking import locked_for_author

_TAG = "Quotes"
_Page = Listed[QuoteTold]
_READ, _WRITE = Scope.QUOTES_READ, Scope.QUOTES_WRITE
_MOVE = Operation(_WRITE, WholeQuoteTold, _TAG, once=True, seen=True, problems=(404, 409))


@api.get("/quotes")
@operation(Operation(_READ, _Page, _TAG, query=QuotesWanted))
def list_quotes(query: QuotesWanted) -> Response:
    """Quotes of corporate accounts, drafts included"""
    wanted = Wanted(query.limit, query.after or "", query.account or "", query.state or "", query.changed_since)
    with db.reading():
        rows = queries.quotes(wanted)
    return answering.page(_Page, rows, showing.quote_told, query)


@api.get("/quotes/<string:public_id>")
@operation(Operation(_READ, WholeQuoteTold, _TAG, tagged=True, problems=(404,)))
def read_quote(public_id: str) -> Response:
    """One quote, in the version that was written last

    Its ETag is what a change of it sends back as If-Match.
    """
    with db.reading():
        return answering.sent(_as_it_is(public_id))


@api.get("/quotes/<string:public_id>/pdf")
@operation(Operation(_READ, None, _TAG, tagged=True, problems=(404,)))
def read_quote_pdf(public_id: str) -> Response:
    """The document of the version that was sent last"""
    with db.reading():
        content = documents.content(queries.submitted_version(public_id), "quote")
    return answering.stored(content)


@api.post("/quotes")
@operation(Operation(_WRITE, WholeQuoteTold, _TAG, 201, body=NewQuote, once=True, problems=(404, 409)))
def make_quote(body: NewQuote) -> Response:
    """Make a draft for an account, at the prices and taxes of today"""
    return answering.once(partial(_made, body))


def _made(body: NewQuote) -> Reply:
    quote = service.draft_quote(_author(), body.account, showing.content_of(body))
    return _as_it_is(quote.public_id, 201, Location=url_for("api.read_quote", public_id=quote.public_id))


@api.put("/quotes/<string:public_id>")
@operation(Operation(_WRITE, WholeQuoteTold, _TAG, body=QuoteText, seen=True, problems=(404, 409)))
def change_quote(public_id: str, body: QuoteText) -> Response:
    """Give a draft another content, at the prices and taxes of today"""
    content = showing.content_of(body)

    def change(author: Integration, quote: str, seen: str) -> None:
        service.change_draft(author, quote, content, seen)

    return answering.sent(db.perform(_moved, public_id, change))


@api.post("/quotes/<string:public_id>/submit")
@operation(_MOVE)
def submit_quote(public_id: str) -> Response:
    """Send a draft to the customer, or to a manager first where the discount is above the representative's limit"""
    return answering.once(partial(_moved, public_id, service.submit_quote))


@api.post("/quotes/<string:public_id>/revise")
@operation(_MOVE)
def revise_quote(public_id: str) -> Response:
    """Begin a new version as a draft; the present one can no longer be accepted"""
    return answering.once(partial(_moved, public_id, _revise))


@api.post("/quotes/<string:public_id>/withdraw")
@operation(_MOVE)
def withdraw_quote(public_id: str) -> Response:
    """Take a draft or an open quote back"""
    return answering.once(partial(_moved, public_id, _withdraw))


Verb = Callable[[Integration, str, str], object]
"""A verb of quotes: who, which, and the hash of the text that was seen."""


def _revise(author: Integration, public_id: str, _seen: str) -> None:
    service.revise_quote(author, public_id)


def _withdraw(author: Integration, public_id: str, _seen: str) -> None:
    service.withdraw_quote(author, public_id)


def _moved(public_id: str, verb: Verb) -> Reply:
    """Do the verb with what the request has seen, under the quote's lock. Raises VersionStale, and what it raises."""
    version = locked_for_author(_author(), public_id)
    seen = _as_it_is(public_id)
    asking.refuse_unless_seen(answering.tag_of(seen.body))
    verb(_author(), public_id, version.sha256 or service.draft_sha256(version))
    return _as_it_is(public_id)


def _as_it_is(public_id: str, status: int = 200, **headers: str) -> Reply:
    return answering.tagged(showing.whole_quote_told(queries.quote(public_id)), status, **headers)


def _author() -> Integration:
    return Integration(caller().actor)
