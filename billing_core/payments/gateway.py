"""The processor as the payment verbs see it: its calls, frozen values in and out, and three ways to fail.

A gateway is never called while a transaction is open, and never gets a row. Its amounts are in our smallest units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from billing_core.payments.listing import Listing


class GatewayError(Exception):
    """The processor did not do what was asked."""


class Refused(GatewayError):
    """A clear no: nothing has happened there. `code` is the processor's word for the reason."""

    def __init__(self, code: str, explanation: str = "") -> None:
        super().__init__(f"{code}: {explanation}" if explanation else code)
        self.code = code


class Unclear(GatewayError):
    """No answer, or one that leaves open whether it happened. Only asking again, under the same key, tells."""


class Forged(GatewayError):
    """An event whose signature does not hold; nothing in it may be believed."""


@dataclass(frozen=True)
class SessionRequest:
    """What the hosted page is to be. Derived from stored rows alone: a repeated request is the same to the byte."""

    reference: str
    """The payment's public id: reference, metadata and idempotency key at once."""
    amount: int
    currency: str
    locale: str
    title: str
    brands: Sequence[str]
    expires_at: datetime
    success_url: str
    cancel_url: str
    customer: str | None = None
    """The processor's customer for whom the card that is entered is kept; None: it serves this payment alone."""


@dataclass(frozen=True)
class ChargeRequest:
    """A card on file that is to be charged. Derived from stored rows alone: repeated, it is the same to the byte."""

    reference: str
    """The payment's public id: metadata and idempotency key."""
    amount: int
    currency: str
    title: str
    customer: str
    method: str
    """The processor's name of the card."""


@dataclass(frozen=True)
class CardSeen:
    """A card as the processor knows it. It has the number; we have what its owner recognises it by."""

    method: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str


@dataclass(frozen=True)
class SetupRequest:
    """What the hosted page for adding a card is to be. Derived from stored rows alone."""

    reference: str
    """The public id of the attempt: reference, metadata and idempotency key."""
    customer: str
    currency: str
    locale: str
    brands: Sequence[str]
    expires_at: datetime
    success_url: str
    cancel_url: str


@dataclass(frozen=True)
class SetupState:
    """An attempt to add a card as the processor knows it now. `status`: open, complete or expired."""

    session_id: str
    reference: str
    customer: str
    status: str
    livemode: bool
    url: str | None
    card: CardSeen | None = None
    """The card that is kept, once it is."""


CHARGE, PERSON = "charge", "person"
"""What an open payment by a card on file waits for: that we have it charged, or that its owner confirms it."""


@dataclass(frozen=True)
class SessionState:
    """A payment as the processor knows it now: a session, or the charge of a card on file, which has no session_id.

    `status`: open, complete or expired; declined where a card on file was. amount and received are None where the
    processor's figure is no amount of ours.
    """

    session_id: str | None
    reference: str
    status: str
    is_paid: bool
    is_final: bool
    """Nothing can be paid on it any more, and nothing that was begun is still on its way."""
    amount: int | None
    received: int | None
    currency: str
    livemode: bool
    url: str | None
    expires_at: datetime | None
    """When the processor ends it by itself; None: never."""
    intent_id: str | None = None
    card_brand: str = ""
    card_last4: str = ""
    decline: str = ""
    """The code of the last decline; a session stays open after one."""
    awaits: str = ""
    """Of a card on file: CHARGE or PERSON."""
    card: CardSeen | None = None
    """The card that paid."""


@dataclass(frozen=True)
class RefundRequest:
    """What is to go back. Derived from stored rows alone: a repeated request is the same to the byte."""

    reference: str
    """The refund's public id: metadata and idempotency key."""
    payment: str
    """The payment's public id."""
    intent_id: str
    amount: int
    currency: str


@dataclass(frozen=True)
class RefundState:
    """A refund as the processor knows it now. `status`: pending, succeeded or failed; amount None is none of ours."""

    refund_id: str
    reference: str
    """The public id of our refund; empty where it was made at the processor."""
    status: str
    amount: int | None
    currency: str
    failure: str = ""


@dataclass(frozen=True)
class DisputeState:
    """A dispute as the processor knows it now. `status`: inquiry, closed, disputed, won or lost."""

    dispute_id: str
    status: str
    amount: int | None
    currency: str
    reason: str
    answer_by: datetime | None


@dataclass(frozen=True)
class Event:
    """A signed message of the processor. It only says where to look; what counts is asked anew.

    A refund or a dispute names the payment by its intent, because the processor's own pages know no reference of ours.
    """

    event_id: str
    kind: str
    reference: str | None
    session_id: str | None
    intent_id: str | None = None

    @property
    def is_about_money_back(self) -> bool:
        """Money may have gone back to the card."""
        return self.kind.startswith(("refund.", "charge.refund", "charge.dispute."))


class Gateway(Protocol):
    """A card processor."""

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""
        ...

    def create_session(self, request: SessionRequest) -> SessionState:
        """Make the hosted page; the same request again gives the same session. Raises Refused and Unclear."""
        ...

    def retrieve_session(self, session_id: str) -> SessionState:
        """What has become of it. Raises Unclear."""
        ...

    def expire_session(self, session_id: str) -> SessionState:
        """End it, so that nothing can be paid on it. Raises Refused where it is not open any more, and Unclear."""
        ...

    def create_customer(self, reference: str) -> str:
        """For whom cards are kept; the same reference again is the same customer. Raises Refused and Unclear."""
        ...

    def create_setup(self, request: SetupRequest) -> SetupState:
        """Make the hosted page for adding a card; the same request is the same page. Raises Refused and Unclear."""
        ...

    def retrieve_setup(self, session_id: str) -> SetupState:
        """What has become of it. Raises Unclear."""
        ...

    def detach_card(self, method: str) -> None:
        """Let go of a card, so that it can never be charged again. Raises Refused where it is gone, and Unclear."""
        ...

    def create_charge(self, request: ChargeRequest) -> SessionState:
        """Prepare the charge of a card on file: nothing is taken yet. The same request is the same charge.

        Raises Refused and Unclear.
        """
        ...

    def charge(self, intent_id: str) -> SessionState:
        """Take the money that was prepared, while nobody is there. It can succeed once only, however often it is asked.

        Raises Refused, after a decline too, and Unclear.
        """
        ...

    def confront(self, intent_id: str, method: str, return_url: str) -> SessionState:
        """As `charge`, for a person who is there and is led to the bank where it asks. Raises Refused and Unclear."""
        ...

    def retrieve_charge(self, intent_id: str) -> SessionState:
        """What has become of it. Raises Unclear."""
        ...

    def cancel_charge(self, intent_id: str) -> SessionState:
        """End it, so that it takes nothing any more. Raises Refused where it is over already, and Unclear."""
        ...

    def create_refund(self, request: RefundRequest) -> RefundState:
        """Send money back; the same request again is the same refund. Raises Refused and Unclear."""
        ...

    def reference_of(self, intent_id: str) -> str | None:
        """The public id of the payment that an intent is for; None where it is none of ours. Raises Unclear."""
        ...

    def refunds_of(self, intent_id: str) -> Sequence[RefundState]:
        """All refunds of a payment, whoever made them. Raises Unclear."""
        ...

    def disputes_of(self, intent_id: str) -> Sequence[DisputeState]:
        """All disputes of a payment. Raises Unclear."""
        ...

    @property
    def listing(self) -> "Listing":
        """What it has of a period, page by page."""
        ...

    def read_event(self, body: bytes, signature: str) -> Event:
        """Check the signature over the raw body. Raises Forged."""
        ...
