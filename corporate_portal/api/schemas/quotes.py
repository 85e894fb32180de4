"""Quotes: the version that counts, which is the last one written."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from corporate_portal.api.schemas.told import AccountNamed, Effect, Frequency, PersonNamed, QuoteState, TaxTold, Told


class QuoteTold(Told):
    """A quote. `net`, `tax` and `total` are what the acceptance bills less what it credits."""

    id: str
    number: str
    account: AccountNamed
    representative: PersonNamed
    version: int
    state: QuoteState
    title: str
    currency: str
    net: int
    tax: int
    total: int
    starts_on: date
    term_months: int
    valid_until: date | None
    zone: str
    expires_at: datetime | None = Field(description="The end of `valid_until`: not acceptable from then on.")
    created_at: datetime
    submitted_at: datetime | None
    first_viewed_at: datetime | None


class QuoteLineTold(Told):
    """One line. `net` is one billing period of it, `due` what the acceptance bills (below zero: credits) for it."""

    position: int
    effect: Effect
    product: str
    description: str
    tier: str
    quantity: int
    unit: str
    frequency: Frequency
    unit_price: int
    percent_off: int
    discount: int
    rebate: int = Field(description="Its share of the percentage off the whole quote.")
    once_off: int = Field(description="Its share of the amount off the whole quote.")
    net: int
    due: int
    starts_on: date
    ends_on: date | None
    subscription: str | None
    tax_category: str
    tax_rate: int


class DecisionTold(Told):
    """What the customer decided, and what came of it. `channel`: the portal, or recorded from mail or phone."""

    verdict: Literal["accepted", "rejected"]
    person: str
    function: str
    decided_at: datetime
    channel: str
    reference: str
    reason: str
    po_number: str
    service_order: str | None
    invoice: str | None
    credit_note_number: str | None


class WholeQuoteTold(QuoteTold):
    """A quote with everything that it says. `sha256` is of the frozen text; null while it is a draft."""

    notes: str
    terms_version: str
    locale: str
    percent_off: int = Field(description="Basis points off every line, in every period.")
    amount_off: int = Field(description="Smallest units, once, off what the acceptance bills.")
    discount_share: int = Field(description="All discounts, basis points of the list price.")
    sha256: str | None
    lines: list[QuoteLineTold]
    taxes: list[TaxTold]
    decision: DecisionTold | None
