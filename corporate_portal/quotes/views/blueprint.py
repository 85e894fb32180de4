"""The room of quotes on the web, and the page that a refusal leads to."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from billing_core import words
from billing_core.web.render import page
from corporate_portal.quotes.refusals import QuoteRefusal

quotes = Blueprint("quotes", __name__)

Answer = str | Response | tuple[str, int]


@quotes.errorhandler(QuoteRefusal)
def refused(refusal: QuoteRefusal) -> Answer:
    """Why it is not possible, and the way back to the quote as it stands now."""
    public_id = (request.view_args or {}).get("public_id", "")
    return page("quotes/refused.html", sentence=words.sentence(refusal), public_id=public_id), refusal.status
