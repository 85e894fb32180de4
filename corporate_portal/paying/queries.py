"""What a contact can choose to pay: invoices of the current account, with what is payable of each."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.payments.beginning import payables_of
from billing_core.payments.sharing import MOST_INVOICES, Payable, oldest_first
from billing_core.permissions import Viewer


def chosen(viewer: Viewer, public_ids: Sequence[str]) -> list[Payable]:
    """These invoices, the oldest due first. Three statements. Raises NotFound for any that is another account's."""
    if not all(db.is_storable(public_id) for public_id in public_ids):
        raise NotFound
    found = db.session().scalars(_mine(viewer).where(Invoice.public_id.in_(public_ids))).all()
    if len(found) < len(set(public_ids)):
        raise NotFound
    return _with_held(found)


def all_open(viewer: Viewer, currency: str) -> list[Payable]:
    """What is open in the currency and not disputed, the oldest due first; at most one more than a payment takes.

    Three statements.
    """
    rows = _mine(viewer).where(Invoice.balance > 0, Invoice.currency == currency)
    first = rows.order_by(Invoice.due_on, Invoice.id).limit(MOST_INVOICES + 1)
    return [one for one in _with_held(db.session().scalars(first).all()) if not one.is_disputed]


def today_of(invoice: Invoice) -> date:
    """The day on the calendar of the invoice's seller."""
    return clock.today(invoice.seller.timezone)


def _mine(viewer: Viewer) -> Select[Invoice]:
    account = viewer.current.account_id if viewer.current else None
    return select(Invoice).where(Invoice.account_id == account).options(joinedload(Invoice.seller))


def _with_held(invoices: Sequence[Invoice]) -> list[Payable]:
    return oldest_first(payables_of(invoices))
