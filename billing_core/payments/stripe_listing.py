"""What a Stripe account has of a period, through the official SDK: a call for each page."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import stripe
from stripe.params import DisputeListParams, EventListParams, PaymentIntentListParams, RefundListParams

from billing_core.payments.gateway import Refused, Unclear
from billing_core.payments.listing import ListedDispute, ListedEvent, ListedPayment, ListedRefund, Period
from billing_core.payments.stripe_gateway import MOST_IN_A_PAGE, _dispute_state, _refund_state, event_of
from billing_core.payments.stripe_units import from_processor, id_of, said

S = TypeVar("S", bound=stripe.StripeObject)
T = TypeVar("T")

FAMILIES = ("checkout.session.*", "payment_intent.*", "charge.*", "refund.*")
"""The events that we listen to."""
NOT_THERE = "resource_missing"


class StripeListing:
    """A Listing on the account of a client; `call` makes Stripe's errors ours."""

    def __init__(self, client: stripe.StripeClient, call: Callable[[Callable[[], Any]], Any]) -> None:
        self._client = client.v1
        self._call = call

    def payments(self, period: Period) -> Iterator[Sequence[ListedPayment]]:
        """Payment intents, paid or not. Raises Unclear."""
        wanted: PaymentIntentListParams = {"limit": MOST_IN_A_PAGE, "created": _within(period)}
        for page in self._pages(lambda: self._client.payment_intents.list(wanted)):
            yield [_payment(intent) for intent in page]

    def refunds(self, period: Period) -> Iterator[Sequence[ListedRefund]]:
        """Refunds, whoever made them. Raises Unclear."""
        wanted: RefundListParams = {"limit": MOST_IN_A_PAGE, "created": _within(period)}
        for page in self._pages(lambda: self._client.refunds.list(wanted)):
            yield [_refund(refund) for refund in page]

    def disputes(self, period: Period) -> Iterator[Sequence[ListedDispute]]:
        """Disputes and inquiries. Raises Unclear."""
        wanted: DisputeListParams = {"limit": MOST_IN_A_PAGE, "created": _within(period)}
        for page in self._pages(lambda: self._client.disputes.list(wanted)):
            yield [_dispute(dispute) for dispute in page]

    def events(self, period: Period) -> Iterator[Sequence[ListedEvent]]:
        """Events of the families that we listen to. Raises Unclear."""
        for family in FAMILIES:
            wanted: EventListParams = {"limit": MOST_IN_A_PAGE, "created": _within(period), "type": family}
            for page in self._pages(lambda wanted=wanted: self._client.events.list(wanted)):  # type: ignore[misc]
                yield [_event(event) for event in page]

    def payment(self, intent_id: str) -> ListedPayment | None:
        """One payment intent. Raises Unclear."""
        found = self._one(lambda: self._client.payment_intents.retrieve(intent_id))
        return _payment(found) if found is not None else None

    def refund(self, refund_id: str) -> ListedRefund | None:
        """One refund. Raises Unclear."""
        found = self._one(lambda: self._client.refunds.retrieve(refund_id))
        return _refund(found) if found is not None else None

    def dispute(self, dispute_id: str) -> ListedDispute | None:
        """One dispute. Raises Unclear."""
        found = self._one(lambda: self._client.disputes.retrieve(dispute_id))
        return _dispute(found) if found is not None else None

    def _pages(self, first: Callable[[], stripe.ListObject[S]]) -> Iterator[Sequence[S]]:
        page = self._asked(first)
        while page.data:
            yield page.data
            if not page.has_more:
                return
            page = self._asked(page.next_page)

    def _asked(self, call: Callable[[], T]) -> T:
        """A refusal to list says nothing about what there is."""
        try:
            found: T = self._call(call)
        except Refused as refusal:
            raise Unclear(str(refusal)) from refusal
        return found

    def _one(self, call: Callable[[], T]) -> T | None:
        try:
            found: T = self._call(call)
        except Refused as refusal:
            if refusal.code == NOT_THERE:
                return None
            raise Unclear(str(refusal)) from refusal
        return found


def _within(period: Period) -> Any:
    """Stripe counts in whole seconds."""
    return {"gte": int(period.since.timestamp()), "lt": int(period.until.timestamp()) + 1}


def _payment(intent: stripe.PaymentIntent) -> ListedPayment:
    currency = intent.currency.upper()
    return ListedPayment(
        intent_id=intent.id,
        reference=said(intent.metadata, "payment"),
        status=intent.status,
        is_paid=intent.status == "succeeded",
        received=from_processor(intent.amount_received, currency),
        currency=currency,
        livemode=intent.livemode,
    )


def _refund(refund: stripe.Refund) -> ListedRefund:
    state = _refund_state(refund)
    payment = said(refund.metadata, "payment")
    return ListedRefund(
        state.refund_id, state.reference, payment, id_of(refund.payment_intent), state.status, state.amount,
        state.currency,
    )  # fmt: skip


def _dispute(dispute: stripe.Dispute) -> ListedDispute:
    state = _dispute_state(dispute)
    intent = id_of(dispute.payment_intent)
    return ListedDispute(state.dispute_id, intent, state.status, state.amount, state.currency)


def _event(event: stripe.Event) -> ListedEvent:
    whole = event.to_dict(for_json=True)
    return ListedEvent(event_of(whole, live=event.livemode), json.dumps(whole, indent=2).encode())
