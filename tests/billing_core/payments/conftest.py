"""A till: one invoice of 100.00, somebody who may pay it, and the processor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_core.ledger.models import Invoice
from billing_core.permissions import Viewer
from tests.factories import core, ledger
from tests.factories.till import CardTill, impatient


@pytest.fixture
def till(database: object, tmp_path: Path) -> Iterator[CardTill]:
    """The processor, chosen for the payment verbs."""
    with impatient():
        yield CardTill(tmp_path / "sandbox.sqlite")


@pytest.fixture
def invoice(database: object) -> Invoice:
    """100.00 EUR, open."""
    return ledger.invoice(core.account(), 10000)


@pytest.fixture
def payer(invoice: Invoice) -> Viewer:
    """A contact of the invoice's account with the right to pay."""
    return payer_of(invoice)


def payer_of(invoice: Invoice, rights: str = "pay", **changes: str) -> Viewer:
    """Another contact of the invoice's account."""
    from billing_core import db
    from billing_core.accounts import Account

    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    return core.viewer(core.contact(account, core.person(**changes), rights=rights))
