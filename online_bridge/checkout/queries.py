"""What the pages of the checkout show beside the cart."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.online.priced import explain
from billing_core.orders.online.queries import order_of, paid_at_issue
from billing_core.orders.states import VOID
from billing_core.payments.models import Payment
from billing_core.payments.ordering import payment_of_order
from billing_core.permissions import Right, Viewer
from billing_core.renewals.queries import is_overdue
from billing_core.subscriptions.models import Subscription


@dataclass(frozen=True)
class Whole:
    """An order with what pays it, for its page."""

    order: OnlineOrder
    account: Account
    payment: Payment | None
    invoice: Invoice | None
    credit_note: CreditNote | None
    by_card: int
    """What the card was charged for its invoice."""
    by_credit: int
    may_pay: bool
    is_chosen: bool
    """The viewer's pages are about its account."""
    overdue: str
    """The public id of the subscription whose renewal it did not pay, and which can still be paid; or empty."""

    @property
    def rest(self) -> int:
        """What stays open on its invoice, to be collected with the next charge."""
        return self.invoice.total - self.by_card - self.by_credit if self.invoice else 0

    def explained(self, line: OnlineOrderLine) -> Sequence[tuple[int, str]]:
        """The amounts of a line, each with its sentence, in the reader's language."""
        kind, currency = line.product.seat_kind, self.order.currency
        return [(charge.amount, explain(charge, currency, kind)) for charge in line.charges]


def whole_order(viewer: Viewer, public_id: str) -> Whole:
    """An order of one of the viewer's accounts. Raises NotFound."""
    order = order_of(viewer, public_id)
    account = db.session().get_one(Account, order.account_id)
    paid = paid_at_issue(order.invoice) if order.invoice else None
    return Whole(
        order, account, payment_of_order(viewer, public_id), order.invoice, order.credit_note,
        paid.card if paid else 0, paid.credit if paid else 0, viewer.may(Right.PAY, order.account_id),
        viewer.current is not None and viewer.current.account_id == order.account_id, _overdue(order),
    )  # fmt: skip


def _overdue(order: OnlineOrder) -> str:
    if order.state != VOID or not order.is_renewal:
        return ""
    subscription = db.session().get_one(Subscription, order.lines[0].subscription_id)
    return subscription.public_id if is_overdue(subscription) else ""
