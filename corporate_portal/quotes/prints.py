"""A quote as a printed document: the submitted version, whole, in the quote's own language."""

from dataclasses import asdict

from sqlalchemy import select

from billing_core import db, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from billing_core.ledger.service import BillTo
from billing_core.people import contacts_of
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.recurring import recurring_of, term_end
from corporate_portal.quotes.offer.terms import paragraphs


def quote_print(public_id: str) -> Print:
    """The Print of a submitted version (ver_…). Raises NotFound for a draft."""
    found = select(QuoteVersion).where(QuoteVersion.public_id == public_id, QuoteVersion.submitted_at.is_not(None))
    version = db.session().scalar(found.options(*WHOLE))
    if version is None or version.submitted_at is None:
        raise NotFound
    quote, account = version.quote, version.quote.account
    deciders = [contact for contact in contacts_of(account.id) if contact.may_accept]
    bill_to = BillTo(
        account.name, account.street, account.postal_code, account.city, account.country,
        attention=deciders[0].person.name if deciders else "", vat_id=account.vat_id,
    )  # fmt: skip
    return Print(
        template="print/quote.html",
        context={
            "version": version,
            "bill_to": asdict(bill_to),
            "user_id": deciders[0].user_id if deciders else "",
            "terms": paragraphs(version),
            "recurring": recurring_of(version),
            "term_end": term_end(version),
        },
        locale=version.locale,
        title=words.gettext("Quote %(number)s", number=quote.number),
        author=account.seller.name,
        created=version.submitted_at,
        subject=version.title,
    )
