"""An account with a payer and an invoice of 100.00, the payer's browser, and the processor of the application."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.payments.models import Payment
from billing_core.people import Person
from tests.client import Client, Page
from tests.conftest import SECRET
from tests.factories import core, ledger
from tests.factories.till import CardTill, impatient


@dataclass(frozen=True)
class Desk:
    """Everything that most tests of these pages need."""

    app: Flask
    account: Account
    payer: Person
    invoice: Invoice
    browser: Client
    till: CardTill

    @property
    def address(self) -> str:
        """The invoice's page."""
        return f"/invoices/{self.invoice.public_id}"

    def pay(self, **entered: str) -> Page:
        """Fill in the pay form as it is shown, and send it."""
        page = self.browser.get(f"{self.address}/pay")
        return self.browser.post(f"{self.address}/pay", page.form("/pay") | entered)

    def someone(self, rights: str = "", **changes: str) -> Client:
        """The browser of another contact of the account."""
        return Client(self.app).sign_in(core.contact(self.account, core.person(**changes), rights=rights))

    def stranger(self) -> Client:
        """The browser of a contact of another account, with every right there."""
        return Client(self.app).sign_in(core.contact(core.account()))


@pytest.fixture
def desk(app: Flask, settings: object) -> Iterator[Desk]:
    """The account, its invoice, and a browser that may pay it."""
    with impatient():
        till = CardTill(settings.data_dir / "sandbox.sqlite", SECRET)  # type: ignore[attr-defined]
        account = core.account()
        payer = core.contact(account, core.person("Petra Payer"))
        invoice = ledger.invoice(account, 10000, contact=payer)
        yield Desk(app, account, payer, invoice, Client(app).sign_in(payer), till)


@pytest.fixture
def payment(desk: Desk) -> Payment:
    """40.00 of it, begun by the payer."""
    from billing_core.payments import service

    return service.pay_invoice(core.viewer(desk.payer), desk.invoice.public_id, 4000)
