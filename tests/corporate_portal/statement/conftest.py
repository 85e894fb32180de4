"""The account, payer, invoice and processor of the invoice pages' tests, and money as finance books it."""

from collections.abc import Mapping
from datetime import date

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import IncomingPayment
from billing_core.payments.booking import book_incoming
from billing_core.permissions import Realm
from tests.corporate_portal.invoices.conftest import desk, payment
from tests.factories import core

__all__ = ["came", "desk", "payment"]


def came(
    of: Account, amount: int, shares: Mapping[str, int] | None = None, method: str = "bank_transfer",
    reference: str = "Lindner, thanks", on: date | None = None,
) -> IncomingPayment:  # fmt: skip
    """Money that finance booked; shares none is the oldest invoice first."""
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    day = on or clock.today("Europe/Berlin")
    money = Money(method, amount, day, reference, shares=shares)
    booked: IncomingPayment = db.perform(book_incoming, clerk, of.public_id, money, db.public_id("key"))
    return booked
