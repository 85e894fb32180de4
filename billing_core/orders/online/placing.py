"""An order is put down as it was priced. What pays it, and what makes it binding, `payments.ordering` decides.

The caller holds the lock of the account.
"""

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.orders.online import refusals
from billing_core.orders.online.models import OnlineOrder, OnlineOrderCharge, OnlineOrderLine
from billing_core.orders.online.priced import PricedLine, PricedOrder
from billing_core.orders.online.queries import WHOLE, under_way_on
from billing_core.orders.states import ONLINE_ORDER
from billing_core.people import BillingContact
from billing_core.permissions import Viewer
from billing_core.subscriptions import service as subscriptions


def lock_wished(order: PricedOrder) -> None:
    """Lock the subscriptions that a priced order is about."""
    subscriptions.locked(line.subscription_id for line in order.lines if line.subscription_id is not None)


def made_by_form(person_id: int, form: str) -> OnlineOrder | None:
    """The order that this form made before."""
    made = select(OnlineOrder).where(OnlineOrder.placed_by == person_id, OnlineOrder.form_key == form)
    return db.session().scalar(made.options(*WHOLE))


def refuse_while_under_way(account_id: int, order: PricedOrder) -> None:
    """Raise OrderUnderWay where a payment is open for one of the products."""
    other = under_way_on(account_id, [line.product.id for line in order.lines])
    if other is not None:
        raise refusals.OrderUnderWay(product=other.product.name)


def put_down(
    viewer: Viewer, account: Account, order: PricedOrder, form: str, seen: str, *, asked: int, rest: int
) -> OnlineOrder:
    """The rows of an order to which nothing objects; `asked` is what a card is charged, `rest` too little for one."""
    addressed = select(BillingContact.id).where(
        BillingContact.account_id == account.id, BillingContact.person_id == viewer.person_id,
        BillingContact.removed_at.is_(None),
    )  # fmt: skip
    placed = OnlineOrder(
        public_id=db.public_id("oo"), account_id=account.id, placed_by=viewer.person_id,
        contact_id=db.session().scalar(addressed), form_key=form, seen=seen, state=ONLINE_ORDER.initial, day=order.day,
        currency=order.currency, locale=order.locale, net=order.totals.net, tax=order.totals.tax, total=order.total,
        credit_used=order.credit_used, asked=asked, rest=rest, placed_at=clock.now(),
        lines=[_row(account.id, position, line) for position, line in enumerate(order.lines, start=1)],
    )  # fmt: skip
    db.session().add(placed)
    db.session().flush()
    audit.record(
        viewer.actor, "online_order.placed", placed.public_id, account.id, total=placed.total,
        credit_used=placed.credit_used, asked=asked, rest=rest, day=str(placed.day),
    )  # fmt: skip
    return placed


def _row(account_id: int, position: int, line: PricedLine) -> OnlineOrderLine:
    charges = [
        OnlineOrderCharge(position=place, **vars(charge)) for place, charge in enumerate(line.charges, start=1)
    ]  # fmt: skip
    return OnlineOrderLine(
        position=position, account_id=account_id, is_open=True, effect=line.effect, product_id=line.product.id,
        product=line.product, subscription_id=line.subscription_id, based_on=line.based_on, tier=line.tier,
        seats=line.seats, frequency=line.frequency, unit_price=line.unit_price, restarts=line.restarts,
        period_start=line.period_start, period_end=line.period_end, anchor_day=line.anchor_day,
        tax_category=line.tax_category, tax_rate=line.tax_rate, charges=charges,
    )  # fmt: skip
