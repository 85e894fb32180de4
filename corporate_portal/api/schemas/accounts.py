"""Corporate accounts."""

from datetime import date
from typing import Literal

from corporate_portal.api.schemas.told import Frequency, PersonNamed, Told


class Address(Told):
    """Where the account's documents go."""

    street: str
    postal_code: str
    city: str
    country: str


class AccountTold(Told):
    """A corporate account."""

    id: str
    number: str
    name: str
    currency: str
    locale: str
    timezone: str
    address: Address
    phone: str
    vat_id: str | None
    payment_days: int
    po_required: bool
    po_pattern: str
    representative: PersonNamed | None
    closed_on: date | None


class BalanceTold(Told):
    """What is open on invoices, and what the account has paid too much or was credited."""

    currency: str
    open: int
    credit: int


class SubscriptionTold(Told):
    """A subscription that runs or is to run. `period_end` is the first day after it; `unit_price` is per period."""

    id: str
    product: str
    product_name: str
    tier: str
    seats: int
    removed_at_end: int
    frequency: Frequency
    unit_price: int
    currency: str
    period_start: date
    period_end: date
    status: Literal["scheduled", "expired", "trial", "pending_cancellation", "active", "grace"]


class WholeAccountTold(AccountTold):
    """An account with its money and its subscriptions, those included that ended within the last 30 days."""

    balances: list[BalanceTold]
    subscriptions: list[SubscriptionTold]
