"""What the history shows beside invoices and credit notes: the orders of the chosen account."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core.db.keyset import Key, Slice, page_of
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.queries import WHOLE
from billing_core.permissions import Viewer

NEWEST_FIRST = Key((OnlineOrder.id,), descending=True)


def orders(viewer: Viewer, after: str, before: str) -> Slice[OnlineOrder]:
    """A page of the chosen account's orders with lines, products and account, the newest first. Four statements."""
    chosen = viewer.current.account_id if viewer.current else None
    rows = select(OnlineOrder).where(OnlineOrder.account_id == chosen)
    whole = rows.options(*WHOLE, joinedload(OnlineOrder.account))
    return page_of(whole, NEWEST_FIRST, after, before)
