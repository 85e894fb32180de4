"""The job of what takes effect later: one for each day on which lines of an order do."""

from billing_core import db, jobs
from billing_core.orders import service


def fulfil_on_day(order: str) -> None:
    """Handler of order.fulfil. Safe to run twice, and late; comes back by itself where the day has not begun."""
    pause = db.perform(service.fulfil_pending, order, "worker")
    if pause is not None:
        raise jobs.NotYet(pause)
