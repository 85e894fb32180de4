"""Payments that were carried out, for the tests of what comes back."""

from datetime import timedelta

import time_machine

from billing_core import clock
from billing_core.ledger.models import Invoice
from billing_core.payments import service
from billing_core.payments.models import Payment
from billing_core.permissions import Realm, Viewer
from tests.billing_core.payments.conftest import payer_of
from tests.factories import core
from tests.factories.till import CardTill, payment_named


def pay(till: CardTill, invoice: Invoice, amount: int | None = None, card: str = "pm_card_visa") -> Payment:
    """The invoice, or a part of it, paid by card and booked, with every webhook handed over."""
    payer = payer_of(invoice)
    payment = service.pay_invoice(payer, invoice.public_id, amount)
    till.enter_card(payment, card)
    service.come_back(payer, payment.public_id)
    till.deliver()
    return payment_named(payment.public_id)


def clerk() -> Viewer:
    """Somebody of finance, at the desk."""
    return core.viewer(core.staff("finance"), Realm.DESK)


def later(till: CardTill, **time: float) -> None:
    """Time goes by, and the processor tells what happened meanwhile."""
    with time_machine.travel(clock.now() + timedelta(**time), tick=False):
        till.deliver()
