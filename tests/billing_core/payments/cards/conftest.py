"""A till, an open invoice of 100.00, somebody who may pay it, and the ways in which a card comes on file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_core import db
from billing_core.accounts import Account
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
def account(till: CardTill) -> Account:
    """In EUR."""
    return core.account()


@pytest.fixture
def invoice(account: Account) -> Invoice:
    """100.00 EUR, open."""
    return ledger.invoice(account, 10000)


@pytest.fixture
def payer(account: Account) -> Viewer:
    """A contact of the account with the right to pay."""
    return core.viewer(core.contact(account, rights="pay"))


def reread_account(account: Account) -> Account:
    """As it is now."""
    with db.reading() as session:
        return session.get_one(Account, account.id)
