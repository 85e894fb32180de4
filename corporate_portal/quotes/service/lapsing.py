"""What time does to a quote, by the worker's hand."""

from sqlalchemy import select

from billing_core import audit, clock, db
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteVersion


def expire_quote(version_id: int) -> bool:
    """Write down that the deadline has passed. Whether it was written now; a decided quote stays what it is."""
    quote_id = db.session().scalar(select(QuoteVersion.quote_id).where(QuoteVersion.id == version_id))
    quote = db.session().scalar(select(Quote).where(Quote.id == quote_id).with_for_update())
    version = db.session().get(QuoteVersion, version_id, populate_existing=True)
    if quote is None or version is None or not states.QUOTE.allows(version.state, "expire"):
        return False
    if not version.is_expired(clock.now()):
        return False
    version.state = states.QUOTE.after(version.state, "expire")
    audit.record("worker", "quote.expired", quote.public_id, version.account_id, version=version.version)
    return True
