"""A Stripe-wire card processor for demonstrations and tests. It takes no money and refuses to run in production."""

from stripe_sandbox.errors import SandboxInProduction
from stripe_sandbox.faults import Fault, Faults
from stripe_sandbox.http_client import SandboxHTTPClient
from stripe_sandbox.outbox import PendingDelivery
from stripe_sandbox.sandbox import Sandbox

__all__ = ["Fault", "Faults", "PendingDelivery", "Sandbox", "SandboxHTTPClient", "SandboxInProduction"]
