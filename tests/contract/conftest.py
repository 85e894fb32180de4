"""The processors that the contract is held against."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import stripe

from billing_core import clock
from billing_core.payments.gateway import SessionRequest, SetupRequest
from billing_core.payments.limits import brands
from billing_core.payments.stripe_gateway import StripeGateway
from stripe_sandbox import Sandbox

SECRET = "whsec_contract"
TEST_KEYS = ("sk_test_", "rk_test_")
"""A live key is refused: the suite takes money."""
SANDBOX_KEY = "sk_test_contract"


@dataclass(frozen=True)
class Processor:
    """A processor, as the portal's gateway and as the SDK see it."""

    name: str
    key: str
    http_client: stripe.HTTPClient

    @property
    def gateway(self) -> StripeGateway:
        """What the portal talks to."""
        return StripeGateway(self.key, SECRET, http_client=self.http_client)

    @property
    def sdk(self) -> stripe.StripeClient:
        """The bare SDK, for what it answers beyond what the gateway reads."""
        return stripe.StripeClient(self.key, http_client=self.http_client, max_network_retries=2)


@pytest.fixture(params=["sandbox", "stripe"])
def processor(request: pytest.FixtureRequest, tmp_path: Path) -> Processor:
    """The sandbox, then Stripe."""
    if request.param == "sandbox":
        sandbox = Sandbox(tmp_path / "sandbox.sqlite", webhook_secret=SECRET, base_path="http://localhost/sandbox")
        return Processor("sandbox", SANDBOX_KEY, sandbox.http_client())
    return Processor("stripe", key_of_stripe(os.environ.get("STRIPE_TEST_KEY", "")), stripe.RequestsClient(timeout=30))


def key_of_stripe(given: str) -> str:
    """The key of Stripe's test mode, without which the test is skipped; any other key is a mistake."""
    if not given:
        pytest.skip("STRIPE_TEST_KEY is not set, so Stripe's own test mode is not asked")
    if not given.startswith(TEST_KEYS):
        pytest.fail(
            f"STRIPE_TEST_KEY must begin with {' or '.join(TEST_KEYS)}: this suite charges cards", pytrace=False
        )
    return given


def wish(**changes: Any) -> SessionRequest:
    """40.00 EUR, under a reference that was never used before."""
    reference = f"pay_{uuid4().hex[:16]}"
    values: dict[str, Any] = {
        "reference": reference, "amount": 4000, "currency": "EUR", "locale": "de", "title": "Rechnung DE-2026-000001",
        "brands": brands("EUR"), "expires_at": clock.now() + timedelta(hours=23),
        "success_url": f"https://portal.example/payments/{reference}?returned=1",
        "cancel_url": f"https://portal.example/payments/{reference}",
    }  # fmt: skip
    return SessionRequest(**(values | changes))


def setup_wish(customer: str) -> SetupRequest:
    """A page for adding a card, under a reference that was never used before."""
    reference = f"cset_{uuid4().hex[:16]}"
    return SetupRequest(
        reference=reference, customer=customer, currency="EUR", locale="de", brands=brands("EUR"),
        expires_at=clock.now() + timedelta(hours=23), success_url="https://portal.example/profile/cards?added=1",
        cancel_url="https://portal.example/profile/cards",
    )  # fmt: skip
