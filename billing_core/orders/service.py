"""Service orders: placed with the acceptance of a quote, fulfilled line by line, each on its own day.

Locks: account, order, subscriptions by id; the number series last.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db, jobs, numbering
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotFound
from billing_core.ledger.service import lock_account
from billing_core.orders import effects, states
from billing_core.orders.models import OrderLine, ServiceOrder
from billing_core.orders.schedule import write_schedule
from billing_core.sellers.models import Seller


@dataclass(frozen=True)
class OrderedLine:
    """What is ordered. term_end is exclusive, and None for what is delivered once. unit_price in smallest units."""

    product_id: int
    tier: str
    seats: int
    frequency: str
    unit_price: int
    currency: str
    term_start: date
    term_end: date | None
    effect: str = "start"
    """start, renew, add, remove or free, as the quote's line says."""
    subscription_id: int | None = None
    """The subscription that an add, remove or renew is about."""
    description: str = ""
    unit: str = ""
    """A seat kind, or empty."""
    discount: int = 0
    """Off each billing period, in smallest units."""
    is_credited: bool = False
    """A removal that carries a negative amount: the seats leave at term_start, not at the term's end."""


@dataclass(frozen=True)
class OrderFacts:
    """What the invoices of an order say, now and later. payment_days as the quote says."""

    contact_id: int | None
    title: str
    locale: str
    currency: str
    po_number: str
    quote_number: str
    payment_days: int
    admin_person_id: int | None = None
    """Who becomes an account admin, with one seat of each product."""


def place_order(
    account: Account, origin: str, starts_on: date, lines: tuple[OrderedLine, ...], actor: str, facts: OrderFacts
) -> ServiceOrder:
    """Write the order of an accepted text (`origin`, its public id; a text is ordered once, by a unique constraint).

    The caller holds the account's lock. The order has no number yet: `number_order` gives it one in the same
    transaction, and until then its public id stands there. Lines whose day has come on the account's calendar take
    effect in this transaction, so that a failure refuses the acceptance; the others do it by a job on their day. The
    later invoices are put down with their days. Raises Invalid, BrokenTerm and what subscriptions/refusals.py names.
    """
    if not lines:
        raise Invalid("An order needs at least one line.")
    public_id = db.public_id("ord")
    order = ServiceOrder(
        public_id=public_id, number=public_id, account_id=account.id, origin=origin, state=states.ORDER.initial,
        starts_on=starts_on, placed_at=clock.now(), **asdict(facts),
        lines=[OrderLine(position=position, **asdict(line)) for position, line in enumerate(lines, start=1)],
    )  # fmt: skip
    db.session().add(order)
    db.session().flush()
    effects.check(order, account)
    write_schedule(order)
    effects.begin(order, actor)
    _fulfil(order, account, actor)
    for day in effects.waiting_days(order):
        jobs.enqueue("order.fulfil", run_at=effects.start_instant(day, account.timezone), order=order.public_id)
    return order


def number_order(order: ServiceOrder, seller: Seller, actor: str) -> None:
    """Give a placed order the next number of its seller's series for the year. An order keeps the number it has.

    Called when all that can wait for nobody is written: the series stays locked until commit.
    """
    if order.number != order.public_id:
        return
    series = numbering.series("ORD", seller.code, clock.today(seller.timezone).year)
    order.number = numbering.spell(series, numbering.take(series))
    db.session().flush()
    audit.record(actor, "order.placed", order.public_id, order.account_id, number=order.number, origin=order.origin)


def _fulfil(order: ServiceOrder, account: Account, actor: str) -> None:
    """Do what is due of a pending order, locked or new; it is fulfilled when nothing is left to do."""
    effects.take_effect(order, account, actor)
    if effects.waiting_days(order):
        return
    order.state = states.ORDER.after(order.state, "fulfil")
    order.fulfilled_at = clock.now()
    db.session().flush()
    audit.record(actor, "order.fulfilled", order.public_id, order.account_id)


def fulfil_pending(public_id: str, actor: str) -> timedelta | None:
    """Do what has fallen due of an order, also late; the time still to wait where its next day has not begun.

    Only a pending order is touched, and each effect happens once. Raises NotFound.
    """
    found = select(ServiceOrder).where(ServiceOrder.public_id == public_id)
    account_id = db.session().scalar(found.with_only_columns(ServiceOrder.account_id))
    if account_id is None:
        raise NotFound
    account = lock_account(account_id)
    locked = found.with_for_update().options(selectinload(ServiceOrder.lines))
    order = db.session().scalars(locked.execution_options(populate_existing=True)).one()
    if order.state != states.PENDING:
        return None
    before = effects.waiting_days(order)
    _fulfil(order, account, actor)
    waiting = effects.waiting_days(order)
    if waiting and waiting == before:
        return effects.start_instant(waiting[0], account.timezone) - clock.now()
    return None
