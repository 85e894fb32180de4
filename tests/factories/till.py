"""The processor for tests of payments: the sandbox through the official SDK, and a browser on its hosted page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stripe
from bs4 import BeautifulSoup
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from billing_core import db
from billing_core.payments import events, processor, stripe_gateway
from billing_core.payments.models import Payment
from billing_core.payments.stripe_gateway import StripeGateway
from stripe_sandbox import Fault, Sandbox

SECRET = "whsec_only_for_tests"
KEY = "sk_test_till"
CREATE, RETRIEVE, EXPIRE = "checkout.sessions.create", "checkout.sessions.retrieve", "checkout.sessions.expire"
MAKE, CONFIRM, LOOK, CANCEL = (f"payment_intents.{deed}" for deed in ("create", "confirm", "retrieve", "cancel"))
"""The calls about a card on file."""


class CardTill:
    """A sandbox on a file, chosen as the processor of the payment verbs."""

    def __init__(self, path: Path, secret: str = SECRET) -> None:
        self.path = path
        self.sandbox = Sandbox(path, webhook_secret=secret, base_path="http://localhost/sandbox")
        self.gateway = StripeGateway(KEY, secret, http_client=self.sandbox.http_client())
        self.stripe = stripe.StripeClient(KEY, http_client=self.sandbox.http_client(), max_network_retries=0)
        self.browser = Client(DispatcherMiddleware(NotFound(), {"/sandbox": self.sandbox.wsgi}))
        processor.use_gateway(self.gateway)

    def fail(self, call: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls go wrong."""
        self.sandbox.faults.next_call(call, fault, times=times)

    def enter_card(self, payment: Payment, card: str = "pm_card_visa") -> TestResponse:
        """What the payer does on the hosted page."""
        assert payment.processor_session is not None
        return self.enter_card_at(payment.processor_session, card)

    def enter_card_at(self, session: str, card: str = "pm_card_visa") -> TestResponse:
        """As enter_card, for a session of which only the processor knows."""
        place = f"/sandbox/pay/{session}"
        page = BeautifulSoup(self.browser.get(place).get_data(as_text=True), "lxml")
        token = page.select_one("input[name=page_token]")
        assert token is not None, page.get_text(" ")
        return self.browser.post(place, data={"card": card, "page_token": str(token["value"])})

    def answer(self, session: str, outcome: str = "complete") -> None:
        """What a payer tells the bank who is asked for 3-D Secure on the hosted page; nothing where it does not ask."""
        self._answer_at(f"/sandbox/pay/{session}/challenge", outcome)

    def answer_bank(self, payment: Payment, outcome: str = "complete") -> TestResponse:
        """The same for the owner of a card on file, at the address to which the payment leads."""
        found = self.answer_bank_if_asked(payment, outcome)
        assert found is not None, "the bank asks nothing"
        return found

    def answer_bank_if_asked(self, payment: Payment, outcome: str) -> TestResponse | None:
        """As answer_bank; the bank asks nothing after a no of which the portal has not heard yet."""
        assert payment.hosted_url is not None
        return self._answer_at(payment.hosted_url.removeprefix("http://localhost"), outcome)

    def _answer_at(self, place: str, outcome: str) -> TestResponse | None:
        page = BeautifulSoup(self.browser.get(place).get_data(as_text=True), "lxml")
        token = page.select_one("form:has(button[name=outcome]) input[name=page_token]")
        if token is None:
            return None
        return self.browser.post(place, data={"outcome": outcome, "page_token": str(token["value"])})

    def intents(self) -> list[stripe.PaymentIntent]:
        """All attempts to take money, the newest first."""
        return list(self.stripe.v1.payment_intents.list({"limit": 100}).data)

    def methods(self, customer: str) -> list[str]:
        """The cards that are attached to a customer."""
        return [one.id for one in self.stripe.v1.customers.payment_methods.list(customer, {"limit": 100}).data]

    def sessions(self) -> list[stripe.checkout.Session]:
        """All sessions that the processor has."""
        return list(self.stripe.v1.checkout.sessions.list({"limit": 100}).data)

    def is_open(self, payment: Payment) -> bool:
        """Whether the hosted page still takes a card."""
        return self.stripe.v1.checkout.sessions.retrieve(payment.processor_session or "").status == "open"

    def charges(self) -> list[stripe.PaymentIntent]:
        """All money that the processor took."""
        intents = self.stripe.v1.payment_intents.list({"limit": 100}).data
        return [intent for intent in intents if intent.status == "succeeded"]

    def deliver(self) -> int:
        """Hand the webhooks that are due to our receiver."""
        return self.sandbox.deliver_due(events.receive_event)


@contextmanager
def impatient() -> Iterator[None]:
    """The SDK repeats nothing by itself, so that a fault is felt at once."""
    usual, stripe_gateway.RETRIES = stripe_gateway.RETRIES, 0
    try:
        yield
    finally:
        stripe_gateway.RETRIES = usual


def payment_named(public_id: str) -> Payment:
    """The payment as it is now."""
    from sqlalchemy import select
    from sqlalchemy.orm import selectinload

    with db.reading() as session:
        named = select(Payment).where(Payment.public_id == public_id)
        return session.scalars(named.options(selectinload(Payment.targets))).one()
