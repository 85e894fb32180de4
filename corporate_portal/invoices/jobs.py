"""The job that issues the later invoices of orders, each in a transaction of its own."""

import logging
from datetime import date

from sqlalchemy import and_, false, or_, select, tuple_

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.orders import states
from billing_core.orders.models import ScheduledInvoice, ServiceOrder
from billing_core.sellers.models import Seller
from corporate_portal.invoices import service

AT_A_TIME = 500

log = logging.getLogger(__name__)

Place = tuple[date, int]
"""Where a waiting invoice stands: its day and its id."""


class NotAllIssued(Exception):
    """Some invoices that are due could not be issued: the next run tries them again."""


def issue_scheduled() -> None:
    """Handler of invoices.issue_scheduled: every invoice that is due on its seller's calendar, the oldest first.

    One that fails does not hold up the others. Raises NotAllIssued when that happened.
    """
    failed: list[int] = []
    after: Place | None = None
    while due := _due(after):
        for day, scheduled_id in due:
            try:
                db.perform(service.issue_scheduled, scheduled_id, "worker")
            except Exception:
                log.exception("scheduled invoice %s could not be issued", scheduled_id)
                failed.append(scheduled_id)
            after = (day, scheduled_id)
    if failed:
        raise NotAllIssued(f"not issued: {failed[:20]}")


def _due(after: Place | None) -> list[Place]:
    with db.reading() as session:
        zones = session.execute(select(Seller.id, Seller.timezone).order_by(Seller.id)).all()
        day = ScheduledInvoice.issue_on
        come = [and_(Account.seller_id == seller, day <= clock.today(zone)) for seller, zone in zones]
        place = (day, ScheduledInvoice.id)
        waiting = (
            select(*place)
            .join(ServiceOrder, ServiceOrder.id == ScheduledInvoice.order_id)
            .join(Account, Account.id == ServiceOrder.account_id)
            .where(ScheduledInvoice.state == states.WAITING, or_(false(), *come))
        )
        if after is not None:
            waiting = waiting.where(tuple_(*place) > after)
        return [(due, found) for due, found in session.execute(waiting.order_by(*place).limit(AT_A_TIME))]
