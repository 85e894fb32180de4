"""The jobs that write down which quotes have expired, and remind of those that are about to.

Nothing depends on the punctuality of the first: expiry is checked when read and again inside the accepting transaction.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import ColumnElement, select

from billing_core import clock, db
from corporate_portal.quotes import service, states
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.service.lapsing import REMIND_AFTER, REMIND_WITHIN

AT_A_TIME = 500


def expire_due() -> None:
    """Handler of quotes.expire: every open quote whose deadline has passed, each in a transaction of its own."""
    _each(_lapsed, service.expire_quote)


def remind_due() -> None:
    """Handler of quotes.remind: every open quote whose deadline is near, each in a transaction of its own."""
    _each(_ending, service.remind_of_quote)


def _each(condition: Callable[[], ColumnElement[bool]], verb: Callable[[int], bool]) -> None:
    for version_id in _found(condition):
        db.perform(verb, version_id)


def _found(condition: Callable[[], ColumnElement[bool]]) -> Iterator[int]:
    last = 0
    while True:
        rows = select(QuoteVersion.id).where(QuoteVersion.state.in_(states.OPEN), condition())
        with db.reading() as session:
            due = list(session.scalars(rows.where(QuoteVersion.id > last).order_by(QuoteVersion.id).limit(AT_A_TIME)))
        yield from due
        if len(due) < AT_A_TIME:
            return
        last = due[-1]


def _lapsed() -> ColumnElement[bool]:
    return QuoteVersion.expires_at <= clock.now()


def _ending() -> ColumnElement[bool]:
    now = clock.now()
    return (
        QuoteVersion.expires_at.between(now, now + REMIND_WITHIN)
        & QuoteVersion.reminded_at.is_(None)
        & (QuoteVersion.submitted_at <= now - REMIND_AFTER)
    )
