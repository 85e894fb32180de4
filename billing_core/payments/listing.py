"""What the processor has of a period: payments, refunds, disputes and the messages about them, as frozen values.

Amounts are in our smallest units; None is no amount of ours. A listing raises Unclear where the processor cannot be
asked, and is never read while a transaction is open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billing_core.payments.gateway import Event


@dataclass(frozen=True)
class Period:
    """From `since` until right before `until`, by the processor's time of creation."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class ListedPayment:
    """An attempt to take money. `reference` is the payment's public id; empty where it is none of ours."""

    intent_id: str
    reference: str
    status: str
    is_paid: bool
    received: int | None
    currency: str
    livemode: bool


@dataclass(frozen=True)
class ListedRefund:
    """Money that goes back. `status`: pending, succeeded or failed. Without our references it was made there."""

    refund_id: str
    reference: str
    payment: str
    intent_id: str
    status: str
    amount: int | None
    currency: str


@dataclass(frozen=True)
class ListedDispute:
    """Money that a bank asks about. `status`: inquiry, closed, disputed, won or lost."""

    dispute_id: str
    intent_id: str
    status: str
    amount: int | None
    currency: str


@dataclass(frozen=True)
class ListedEvent:
    """A message of the processor with its whole body, to be taken in as if it had been delivered."""

    event: Event
    body: bytes


class Listing(Protocol):
    """Pages of what there is, the newest first; and one thing by its id, None where the processor has it not."""

    def payments(self, period: Period) -> Iterator[Sequence[ListedPayment]]:
        """Attempts that were made in the period."""
        ...

    def refunds(self, period: Period) -> Iterator[Sequence[ListedRefund]]:
        """Refunds that were made in the period."""
        ...

    def disputes(self, period: Period) -> Iterator[Sequence[ListedDispute]]:
        """Disputes that were opened in the period."""
        ...

    def events(self, period: Period) -> Iterator[Sequence[ListedEvent]]:
        """Messages about payments and money that goes back; the processor keeps them for 30 days."""
        ...

    def payment(self, intent_id: str) -> ListedPayment | None:
        """One attempt."""
        ...

    def refund(self, refund_id: str) -> ListedRefund | None:
        """One refund."""
        ...

    def dispute(self, dispute_id: str) -> ListedDispute | None:
        """One dispute."""
        ...
