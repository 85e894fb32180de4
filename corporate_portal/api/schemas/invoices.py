"""Invoices and the card payments towards them."""

from datetime import date, datetime

from pydantic import Field

from corporate_portal.api.schemas.told import AccountNamed, InvoiceState, PaymentState, TaxTold, Told


class InvoiceTold(Told):
    """An issued invoice. It never changes but for `balance` and what follows from it."""

    id: str
    number: str
    account: AccountNamed
    title: str
    currency: str
    net: int
    tax: int
    total: int
    balance: int
    state: InvoiceState
    is_past_due: bool = Field(description="There is a balance, and the due date has passed in the seller's zone.")
    issued_on: date
    due_on: date
    period_start: date | None
    period_end: date | None = Field(description="The first day after the period.")
    po_number: str
    quote_number: str
    order_number: str
    user_id: str = Field(description="The User ID that it prints.")
    issued_elsewhere: bool


class InvoiceLineTold(Told):
    """One position."""

    position: int
    description: str
    detail: str
    quantity: int
    unit: str
    unit_price: int
    discount: int
    net: int
    period_start: date | None
    period_end: date | None
    tax_category: str
    tax_rate: int
    exemption: str


class BillToTold(Told):
    """The address that stands on it."""

    name: str
    attention: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str | None
    customer_number: str


class AllocationTold(Told):
    """Money that reduced the balance; below zero, that raised it again."""

    kind: str
    amount: int
    booked_at: datetime
    payment: str | None


class WholeInvoiceTold(InvoiceTold):
    """An invoice with everything that it says, and what has been booked on it."""

    bill_to: BillToTold
    lines: list[InvoiceLineTold]
    taxes: list[TaxTold]
    allocations: list[AllocationTold]


class TargetTold(Told):
    """How much of a payment is meant for which invoice. `holds`: nobody else can pay that part meanwhile."""

    invoice: str
    invoice_number: str
    amount: int
    holds: bool


class PaymentTold(Told):
    """One attempt to pay by card."""

    id: str
    account: AccountNamed
    state: PaymentState
    amount: int
    currency: str
    card_brand: str
    card_last4: str
    failure: str = Field(description="The processor's code of the last decline.")
    created_at: datetime
    settled_at: datetime | None
    targets: list[TargetTold]
