"""Finance at the desk, and an account whose invoice it corrects."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.correcting import Part
from billing_core.ledger.models import AccountBalance, CreditNote, Invoice
from billing_core.ledger.service import issue_invoice
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from corporate_portal.finance import service
from corporate_portal.finance.service import Seen, Wish
from tests.factories import core, ledger


@dataclass(frozen=True)
class Books:
    """An account with a contact and an invoice of 10 x 12.00 at 19 % and 5.00 at 7 %: 148.15."""

    account: Account
    contact: Person
    invoice: Invoice
    clerk: Viewer

    def credit(
        self, parts: dict[int, Part], key: str = "form", seen: Seen | None = None, reason: str = "Too many seats"
    ) -> CreditNote:
        """Finance issues a credit note."""
        return credit(self.clerk, self.invoice, parts, key, seen, reason)

    def now(self) -> Invoice:
        """The invoice as it is."""
        return ledger.reread(self.invoice)

    def kept(self, currency: str = "EUR") -> tuple[int, int]:
        """Open and credit, as they are kept."""
        with db.reading() as session:
            found = session.get(AccountBalance, (self.account.id, currency))
            return (found.open, found.credit) if found else (0, 0)


TOTAL = 14815
ALL = {1: Part(net=12000), 2: Part(net=500)}


def credit(
    clerk: Viewer, invoice: Invoice, parts: dict[int, Part], key: str = "form", seen: Seen | None = None,
    reason: str = "Too many seats",
) -> CreditNote:  # fmt: skip
    """Finance issues a credit note on any invoice."""
    wish = Wish(parts, reason)
    found: CreditNote = db.perform(service.credit_invoice, clerk, invoice.public_id, wish, key, seen)
    return found


def notes() -> list[CreditNote]:
    """All that were issued, in their order."""
    with db.reading() as session:
        return list(session.scalars(select(CreditNote).order_by(CreditNote.id)))


def books_of(locale: str = "en", **of_account: Any) -> Books:
    """The account, its contact Maria Muster, its invoice, and finance."""
    account = core.account(core.seller("DE"), locale=locale, **of_account)
    contact = core.contact(account, core.person("Maria Muster", locale=locale), user_id="mmuster", is_primary=True)
    lines = (
        ledger.line(quantity=10, unit_price=1200, rate=1900), ledger.line(500, 700, description="Onboarding handbook")
    )  # fmt: skip
    drawn = ledger.draft(account, *lines, contact=contact, po_number="PO 17")
    return Books(account, contact, db.perform(issue_invoice, drawn, "test"), finance())


def finance() -> Viewer:
    """Another clerk."""
    return core.viewer(core.staff("finance"), Realm.DESK)


@pytest.fixture
def books(database: object) -> Books:
    """In EUR and English."""
    return books_of()
