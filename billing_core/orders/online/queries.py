"""What may be read about online orders. The viewer comes first: what is another account's is not found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db
from billing_core.errors import NotFound
from billing_core.ledger.incoming import CREDIT, credit_of
from billing_core.ledger.models import Allocation, Invoice
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.states import PLACED
from billing_core.permissions import Viewer

WHOLE = (
    selectinload(OnlineOrder.lines).selectinload(OnlineOrderLine.charges),
    selectinload(OnlineOrder.lines).joinedload(OnlineOrderLine.product),
)


def credit_held(account_id: int, currency: str, besides: OnlineOrder | None = None) -> int:
    """The account's credit that orders, `besides` one, count on whose payment is under way. One statement."""
    counted_on = select(func.coalesce(func.sum(OnlineOrder.credit_used), 0)).where(
        OnlineOrder.account_id == account_id, OnlineOrder.currency == currency, OnlineOrder.state == PLACED
    )
    if besides is not None:
        counted_on = counted_on.where(OnlineOrder.id != besides.id)
    return int(db.session().scalar(counted_on) or 0)


def credit_free(account_id: int, currency: str, besides: OnlineOrder | None = None) -> int:
    """The account's credit that no order, `besides` one, counts on. Two statements."""
    return max(credit_of(account_id, currency) - credit_held(account_id, currency, besides), 0)


def order_of(viewer: Viewer, public_id: str) -> OnlineOrder:
    """An order of one of the viewer's accounts, with lines, charges, products and documents. Raises NotFound."""
    if not db.is_storable(public_id):
        raise NotFound
    mine = OnlineOrder.account_id.in_(sorted(viewer.account_ids))
    named = select(OnlineOrder).where(OnlineOrder.public_id == public_id, mine)
    documents = (joinedload(OnlineOrder.invoice), joinedload(OnlineOrder.credit_note))
    found = db.session().scalar(named.options(*WHOLE, *documents))
    if found is None:
        raise NotFound
    return found


def orders_of(viewer: Viewer, account_id: int, limit: int = 100) -> Sequence[OnlineOrder]:
    """The orders of one of the viewer's accounts, the newest first, with lines and products. Four statements."""
    mine = (OnlineOrder.account_id == account_id, OnlineOrder.account_id.in_(sorted(viewer.account_ids)))
    rows = select(OnlineOrder).where(*mine).order_by(OnlineOrder.id.desc()).limit(limit)
    return db.session().scalars(rows.options(*WHOLE)).all()


@dataclass(frozen=True)
class PaidAtIssue:
    """How the invoice of an order was paid in the transaction that issued it; the rest was too little for a card."""

    card: int
    credit: int
    rest: int


def paid_at_issue(invoice: Invoice) -> PaidAtIssue | None:
    """Of the invoice of an online order, always the same; None for every other invoice. Two statements."""
    found = select(OnlineOrder.public_id, OnlineOrder.asked).where(OnlineOrder.invoice_id == invoice.id)
    order = db.session().execute(found).first()
    if order is None:
        return None
    used = select(func.coalesce(func.sum(Allocation.amount), 0)).where(
        Allocation.invoice_id == invoice.id, Allocation.kind == CREDIT, Allocation.reference == order.public_id
    )
    credit = int(db.session().scalar(used) or 0)
    return PaidAtIssue(order.asked, credit, invoice.total - order.asked - credit)


def under_way_on(account_id: int, product_ids: Collection[int]) -> OnlineOrderLine | None:
    """A line of an order whose payment is under way, about one of the products, with its product. One statement."""
    open_lines = select(OnlineOrderLine).where(OnlineOrderLine.account_id == account_id, OnlineOrderLine.is_open)
    about = open_lines.where(OnlineOrderLine.product_id.in_(product_ids)).options(joinedload(OnlineOrderLine.product))
    return db.session().scalar(about.limit(1))
