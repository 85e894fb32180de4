"""The one place that picks adapters: which processor, which mail transport, which printer, which VAT register.

Nothing else in the program knows, or asks, whether the processor is Stripe or the sandbox.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.settings import Settings
from billing_core import clock
from billing_core.documents.printing import Printer
from billing_core.documents.weasy import WeasyPrinter
from billing_core.mail.service import Transport
from billing_core.mail.transports import MailboxTransport, SmtpTransport
from billing_core.payments import events
from billing_core.payments import processor as payments
from billing_core.payments.gateway import Gateway
from billing_core.payments.stripe_gateway import StripeGateway
from billing_core.vat_ids.register import VatRegister
from billing_core.vat_ids.stand_in import StandInRegister
from billing_core.vat_ids.vies import ViesRegister
from stripe_sandbox import Sandbox

SANDBOX_PATH = "/sandbox"
SANDBOX_KEY = "sk_test_sandbox"


@dataclass(frozen=True)
class Ports:
    """The adapters in use. `mounts`: WSGI applications beside ours; `chores`: what the worker does each second."""

    gateway: Gateway
    transport: Transport
    printer: Printer
    vat_register: VatRegister
    form_targets: tuple[str, ...] = ()
    mounts: dict[str, Any] = field(default_factory=dict)
    chores: tuple[Callable[[], object], ...] = ()


def make_ports(settings: Settings) -> Ports:
    """The adapters that the settings ask for, and the processor put where the payment verbs find it."""
    ports = _with_stripe(settings) if settings.stripe_secret_key else _with_sandbox(settings)
    payments.use_gateway(ports.gateway)
    return ports


def _with_stripe(settings: Settings) -> Ports:
    gateway = StripeGateway(settings.stripe_secret_key, settings.stripe_webhook_secret)
    return Ports(
        gateway,
        _transport(settings),
        WeasyPrinter(),
        _vat_register(settings),
        form_targets=("https://checkout.stripe.com", "https://hooks.stripe.com"),
    )


def _with_sandbox(settings: Settings) -> Ports:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(
        settings.data_dir.absolute() / "sandbox.sqlite",
        webhook_secret=settings.secret_key,
        base_path=settings.base_url + SANDBOX_PATH,
        merchant=settings.brand_name,
        production=settings.is_production,
        clock=lambda: clock.now().timestamp(),
    )
    gateway = StripeGateway(SANDBOX_KEY, settings.secret_key, http_client=sandbox.http_client())

    def deliver() -> int:
        return sandbox.deliver_due(_post_webhook)

    mounts = {SANDBOX_PATH: sandbox.wsgi}
    return Ports(
        gateway, _transport(settings), WeasyPrinter(), _vat_register(settings), mounts=mounts, chores=(deliver,)
    )


def _post_webhook(body: bytes, signature: str) -> int:
    """What an HTTP request to our webhook address would do, without the way through a socket."""
    return events.receive_event(body, signature)


def _transport(settings: Settings) -> Transport:
    if not settings.smtp_host:
        return MailboxTransport(settings.mail_from)
    return SmtpTransport(
        settings.smtp_host,
        settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password,
        sender=settings.mail_from,
    )


def _vat_register(settings: Settings) -> VatRegister:
    if settings.asks_vies:
        return ViesRegister()
    return StandInRegister(production=settings.is_production)
