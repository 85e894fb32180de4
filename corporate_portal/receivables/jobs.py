"""The daily job of reminders, each account, seller and currency in a transaction of its own."""

import logging
from datetime import timedelta

from sqlalchemy import and_, exists, false, or_, select, tuple_

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.sellers.models import Seller
from corporate_portal.receivables import service, states
from corporate_portal.receivables.models import Dunning, Reminder, ReminderItem

REMIND = "receivables.remind"
AT_A_TIME = 500

log = logging.getLogger(__name__)

Place = tuple[int, int, str]
"""Whose reminders: account, seller and currency."""


class NotAllReminded(Exception):
    """Some reminders that are due could not be sent: the next run tries them again."""


def remind_due() -> None:
    """Handler of receivables.remind: ends rows that are settled, and sends every step that is due.

    One that fails does not hold up the others. Raises NotAllReminded when that happened.
    """
    for row in _settled():
        db.perform(service.end_settled, row, "worker")
    failed: list[Place] = []
    after: Place | None = None
    while states.reminder_days() and (due := _late(after)):
        for place in due:
            try:
                db.perform(service.remind_account, *place, "worker")
            except Exception:
                log.exception("the reminder of account %s could not be sent", place[0])
                failed.append(place)
        after = due[-1]
    if failed:
        raise NotAllReminded(f"not reminded: {failed[:20]}")


def _settled() -> list[int]:
    """Open rows of which nothing is owed any more."""
    owed = exists().where(
        ReminderItem.reminder_id == Reminder.id, Reminder.dunning_id == Dunning.id,
        Invoice.id == ReminderItem.invoice_id, Invoice.balance > 0,
    )  # fmt: skip
    with db.reading() as session:
        return list(session.scalars(select(Dunning.id).where(Dunning.ended_at.is_(None), ~owed).order_by(Dunning.id)))


def _late(after: Place | None) -> list[Place]:
    """Who owes something for as long as the first step takes, by each seller's calendar."""
    place = (Invoice.account_id, Invoice.seller_id, Invoice.currency)
    first = timedelta(days=states.reminder_days()[0])
    with db.reading() as session:
        zones = session.execute(select(Seller.id, Seller.timezone).order_by(Seller.id)).all()
        late = [
            and_(Invoice.seller_id == seller, Invoice.due_on <= clock.today(zone) - first) for seller, zone in zones
        ]
        rows = select(*place).where(Invoice.balance > 0, or_(false(), *late)).distinct()
        if after is not None:
            rows = rows.where(tuple_(*place) > after)
        return [(a, s, c) for a, s, c in session.execute(rows.order_by(*place).limit(AT_A_TIME))]
