"""The job that writes down which quotes have expired. Nothing depends on its punctuality: expiry is checked when read
and again inside the accepting transaction."""

from sqlalchemy import select

from billing_core import clock, db
from corporate_portal.quotes import service, states
from corporate_portal.quotes.models import QuoteVersion

AT_A_TIME = 500


def expire_due() -> None:
    """Handler of quotes.expire: every open quote whose deadline has passed, each in a transaction of its own."""
    while due := _due():
        for version_id in due:
            db.perform(service.expire_quote, version_id)
        if len(due) < AT_A_TIME:
            return


def _due() -> list[int]:
    late = select(QuoteVersion.id).where(
        QuoteVersion.state.in_([state for state in states.OUTSTANDING if states.QUOTE.allows(state, "expire")]),
        QuoteVersion.expires_at <= clock.now(),
    )
    with db.reading() as session:
        return list(session.scalars(late.order_by(QuoteVersion.expires_at).limit(AT_A_TIME)))
