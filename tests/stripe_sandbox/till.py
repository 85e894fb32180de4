"""A merchant's till on a sandbox: the SDK's client, a browser on the hosted page, and a clock that one can move."""

import re
import time
from pathlib import Path
from typing import Any, cast

import stripe
from bs4 import BeautifulSoup
from stripe.checkout import Session
from stripe.params.checkout import SessionCreateParams
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from stripe_sandbox import Sandbox

SECRET = "whsec_till"
SHOP = "https://shop.example"


class Till:
    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.ahead = 0.0
        self.sandbox = Sandbox(path, webhook_secret=SECRET, merchant="Acme", clock=self.now, **options)
        self.client = stripe.StripeClient("sk_test_till", http_client=self.sandbox.http_client(), max_network_retries=0)
        self.browser = Client(DispatcherMiddleware(NotFound(), {"/sandbox": self.sandbox.wsgi}))

    def now(self) -> float:
        return time.time() + self.ahead

    def params(self, amount: int = 11900, currency: str = "eur", **more: Any) -> SessionCreateParams:
        params = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency,
                        "unit_amount": amount,
                        "product_data": {"name": "Invoice RE-1", "description": "Seats in May"},
                    },
                }
            ],
            "success_url": f"{SHOP}/return?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SHOP}/invoices/1",
            "client_reference_id": "pay_1",
            "metadata": {"payment": "pay_1"},
            "payment_intent_data": {"metadata": {"payment": "pay_1"}},
            "locale": "en",
            **more,
        }
        return cast(SessionCreateParams, params)

    def open(self, amount: int = 11900, currency: str = "eur", *, key: str | None = None, **more: Any) -> Session:
        params = self.params(amount, currency, **more)
        return self.client.v1.checkout.sessions.create(params, {"idempotency_key": key} if key else None)

    def setup(self, customer: str, **more: Any) -> Session:
        return self.client.v1.checkout.sessions.create(
            cast(
                SessionCreateParams,
                {
                    "mode": "setup",
                    "customer": customer,
                    "allowed_payment_method_types": ["card"],
                    "success_url": f"{SHOP}/cards",
                    "cancel_url": f"{SHOP}/profile",
                    "locale": "en",
                    **more,
                },
            )
        )

    def look(self, session: Session) -> Session:
        return self.client.v1.checkout.sessions.retrieve(
            session.id, {"expand": ["payment_intent.latest_charge", "setup_intent"]}
        )

    def get(self, session: Session, suffix: str = "", **options: Any) -> TestResponse:
        return self.browser.get(f"/sandbox/pay/{session.id}{suffix}", **options)

    def token(self, session: Session) -> str:
        field = soup(self.get(session)).select_one("input[name=page_token]")
        assert field is not None
        return str(field["value"])

    def post(self, session: Session, suffix: str = "", **fields: str) -> TestResponse:
        return self.browser.post(f"/sandbox/pay/{session.id}{suffix}", data=fields)

    def pay(self, session: Session, card: str = "pm_card_visa") -> TestResponse:
        return self.post(session, card=card, page_token=self.token(session))

    def answer(self, session: Session, outcome: str) -> TestResponse:
        return self.post(session, "/challenge", outcome=outcome, page_token=self.token(session))

    def events(self, kind: str | None = None) -> list[stripe.Event]:
        found = self.client.v1.events.list({"limit": 100, **({"type": kind} if kind else {})})
        return list(found.auto_paging_iter())


def replayed(thing: stripe.StripeObject) -> bool:
    """Whether the answer was the stored one of an earlier call."""
    assert thing.last_response is not None
    return "Idempotent-Replayed" in thing.last_response.headers


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "lxml")


def text(response: TestResponse) -> str:
    return re.sub(r"\s+", " ", soup(response).get_text(" ")).replace("\xa0", " ").strip()
