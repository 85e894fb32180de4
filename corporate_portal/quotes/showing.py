"""What a page says about a version beyond its own fields: its lines in groups, and how long it can still be decided."""

from datetime import datetime

from billing_core import clock
from corporate_portal.quotes import states
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.groups import groups_of

__all__ = ["COMING", "customer_state", "days_left", "groups_of"]


def days_left(version: QuoteVersion, now: datetime) -> int:
    """Days after today until the last day of validity, on the calendar of the quote's zone; 0 on that day itself."""
    if version.valid_until is None:
        return 0
    return (version.valid_until - clock.local(now, version.zone).date()).days


COMING = "coming"
"""Not a state of any version: the customer's is replaced by one that is not sent yet."""


def customer_state(version: QuoteVersion, following: str | None, now: datetime) -> str:
    """How the shown version stands for the customer. `following` is the state of the one that counts, where another."""
    if following == states.WITHDRAWN:
        return states.WITHDRAWN
    return COMING if following in (states.DRAFT, states.AWAITING_APPROVAL) else version.shown_state(now)
