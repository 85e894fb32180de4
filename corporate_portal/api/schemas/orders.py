"""Service orders: one for each acceptance."""

from datetime import date, datetime
from typing import Literal

from corporate_portal.api.schemas.told import AccountNamed, Effect, Frequency, OrderState, Told


class OrderTold(Told):
    """A service order. Pending until its last line took effect."""

    id: str
    number: str
    account: AccountNamed
    quote: str | None
    quote_number: str
    title: str
    po_number: str
    state: OrderState
    starts_on: date
    placed_at: datetime
    fulfilled_at: datetime | None


class OrderLineTold(Told):
    """What was ordered. `term_end` is the first day after the term; `unit_price` is per billing period."""

    position: int
    effect: Effect
    product: str
    description: str
    tier: str
    quantity: int
    frequency: Frequency
    unit_price: int
    currency: str
    term_start: date
    term_end: date | None
    fulfilled_at: datetime | None


class ScheduledTold(Told):
    """An invoice that is still to come, or came, on its day."""

    issue_on: date
    state: Literal["waiting", "issued"]
    invoice: str | None


class WholeOrderTold(OrderTold):
    """A service order with its lines and the invoices of its later periods."""

    lines: list[OrderLineTold]
    schedule: list[ScheduledTold]
