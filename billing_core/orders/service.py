"""Service orders: placed with the acceptance of a quote, fulfilled at once or on the day on which they start."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db, jobs, numbering
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotFound
from billing_core.orders import states
from billing_core.orders.models import OrderLine, ServiceOrder
from billing_core.sellers.models import Seller
from billing_core.subscriptions.service import SubscriptionStart, start_subscription


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

    It has no number yet: `number_order` gives it one in the same transaction. Until then its public id stands there.
    Starting today on the account's calendar or earlier, it is fulfilled in this transaction, so that a failure refuses
    the acceptance; starting later, a job fulfils it on its day.
    """
    if not lines:
        raise Invalid("An order needs at least one line.")
    now, public_id = clock.now(), db.public_id("ord")
    order = ServiceOrder(
        public_id=public_id, number=public_id, account_id=account.id, origin=origin, state=states.ORDER.initial,
        starts_on=starts_on, placed_at=now, **asdict(facts),
        lines=[_line(position, line) for position, line in enumerate(lines, start=1)],
    )  # fmt: skip
    db.session().add(order)
    db.session().flush()
    if _is_due(order, account, now):
        fulfil(order, actor)
    else:
        jobs.enqueue("order.fulfil", run_at=start_instant(starts_on, account.timezone), order=order.public_id)
    return order


def number_order(order: ServiceOrder, seller: Seller, actor: str) -> None:
    """Give a placed order the next number of its seller's series for the year. An order keeps the number it has.

    Called when all that can wait for nobody is written: the series stays locked until commit.
    """
    if order.number != order.public_id:
        return
    series = f"ORD-{seller.code}-{clock.today(seller.timezone).year}"
    order.number = numbering.spell(series, numbering.take(series))
    db.session().flush()
    audit.record(actor, "order.placed", order.public_id, order.account_id, number=order.number, origin=order.origin)


def _line(position: int, line: OrderedLine) -> OrderLine:
    return OrderLine(position=position, **asdict(line))


def start_instant(day: date, zone: str) -> datetime:
    """The first instant of the day in the zone."""
    return clock.end_of_day(day - timedelta(days=1), zone)


def _is_due(order: ServiceOrder, account: Account, now: datetime) -> bool:
    return now >= start_instant(order.starts_on, account.timezone)


def fulfil(order: ServiceOrder, actor: str) -> None:
    """Start a subscription for each recurring line. The order is locked or new. Raises WrongState unless pending."""
    order.state = states.ORDER.after(order.state, "fulfil")
    order.fulfilled_at = clock.now()
    for line in order.lines:
        if line.term_end is not None:
            start_subscription(_subscription(order, line, line.term_end), actor)
    audit.record(actor, "order.fulfilled", order.public_id, order.account_id)


def _subscription(order: ServiceOrder, line: OrderLine, term_end: date) -> SubscriptionStart:
    return SubscriptionStart(
        account_id=order.account_id, product_id=line.product_id, tier=line.tier, seats=line.seats,
        frequency=line.frequency, unit_price=line.unit_price, currency=line.currency, period_start=line.term_start,
        period_end=term_end, source="order", external_id=f"{order.public_id}-{line.position}",
    )  # fmt: skip


def fulfil_pending(public_id: str, actor: str) -> timedelta | None:
    """Fulfil the order if its day has come; otherwise the time still to wait. Only a pending order is touched."""
    found = select(ServiceOrder).where(ServiceOrder.public_id == public_id).with_for_update()
    order = db.session().scalar(found.options(selectinload(ServiceOrder.lines)))
    if order is None:
        raise NotFound
    if order.state != states.PENDING:
        return None
    account = db.session().get_one(Account, order.account_id)
    now = clock.now()
    if not _is_due(order, account, now):
        return start_instant(order.starts_on, account.timezone) - now
    fulfil(order, actor)
    return None
