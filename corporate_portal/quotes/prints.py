"""A quote as a printed document: the submitted version, whole, in the quote's own language.

Whoever it names stands in its frozen document: what changes after the submission changes no page of it.
"""

from dataclasses import asdict

from sqlalchemy import select

from billing_core import db, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.recurring import recurring_of, term_end
from corporate_portal.quotes.offer.terms import paragraphs


def quote_print(public_id: str) -> Print:
    """The Print of a submitted version (ver_…). Raises NotFound for a draft."""
    found = select(QuoteVersion).where(QuoteVersion.public_id == public_id, QuoteVersion.submitted_at.is_not(None))
    version = db.session().scalar(found.options(*WHOLE))
    if version is None or version.submitted_at is None:
        raise NotFound
    quote, parties = version.quote, parties_of(version)
    return Print(
        template="print/quote.html",
        context={
            "version": version,
            "letterhead": parties.seller,
            "bill_to": asdict(parties.account) | {"attention": parties.addressee.name},
            "customer_number": parties.account.number,
            "rep": parties.representative,
            "user_id": parties.addressee.user_id,
            "terms": paragraphs(version),
            "recurring": recurring_of(version),
            "term_end": term_end(version),
        },
        locale=version.locale,
        title=words.gettext("Quote %(number)s", number=quote.number),
        author=parties.seller.name,
        created=version.submitted_at,
        subject=version.title,
    )
