"""What the worker does about renewals in a night, and how the clock gets there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import select
from time_machine import Traveller

from billing_core import db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.renewals import notices, service
from billing_core.renewals.models import RenewalAttempt
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down


def night(till: CardTill, clocks: Traveller, month: int, day: int, year: int = 2026) -> None:
    """Noon of the day in Berlin, and everything that happens by itself until then."""
    clocks.move_to(datetime(year, month, day, 10, tzinfo=UTC), tick=False)
    service.find_due()
    settle_down(till)


def announcements(clocks: Traveller, month: int, day: int, year: int = 2026) -> list[str]:
    """The kinds of mail that the notices of the day bring."""
    clocks.move_to(datetime(year, month, day, 10, tzinfo=UTC), tick=False)
    before = len(mails())
    notices.notify_due()
    return [mail.kind for mail in mails()[before:]]


def mails(kind: str = "") -> Sequence[OutboxMail]:
    """All mails, or those of the kind, the oldest first."""
    with db.reading() as session:
        rows = session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    return [row for row in rows if kind in ("", row.kind)]


def attempts() -> list[tuple[date, str]]:
    """Day and failure of each."""
    with db.reading() as session:
        rows = session.scalars(select(RenewalAttempt).order_by(RenewalAttempt.id))
        return [(row.day, row.failure) for row in rows]


def invoices() -> Sequence[Invoice]:
    """All, the oldest first."""
    with db.reading() as session:
        return session.scalars(select(Invoice).order_by(Invoice.id)).all()


def orders() -> Sequence[OnlineOrder]:
    """All, the oldest first."""
    with db.reading() as session:
        return session.scalars(select(OnlineOrder).order_by(OnlineOrder.id)).all()
