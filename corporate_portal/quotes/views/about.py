"""What every page about one quote shows."""

from billing_core import clock
from billing_core.contacts import holding
from billing_core.web.identity import viewer
from corporate_portal.quotes import policy, showing
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import recurring, terms
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.service import seconds_of


def about(version: QuoteVersion) -> dict[str, object]:
    """The quote, who it names, what it costs now and later, how it stands, and what the viewer can do with it."""
    now = clock.now()
    return {
        "realm": viewer().realm.value,
        "version": version,
        "quote": version.quote,
        "account": version.quote.account,
        "parties": parties_of(version),
        "groups": showing.groups_of(version),
        "recurring": recurring.recurring_of(version),
        "renewal": recurring.term_end(version),
        "last_day": recurring.last_day(version),
        "terms": terms.paragraphs(version),
        "days_left": showing.days_left(version, now),
        "state": version.shown_state(now),
        "can_confirm": policy.can_confirm(viewer(), version, now),
        "seconds": seconds_of(version),
        "can_decide": policy.can_decide(viewer(), version, now),
        "held_until": holding.hold_of(viewer(), version.account_id),
        "is_open": version.is_outstanding(now) or version.is_awaiting_second(now),
    }
