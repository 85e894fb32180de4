"""What finance reads about invoices: of all accounts, one with everything about it, and what can still be credited."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db
from billing_core.db.keyset import Slice
from billing_core.errors import NotFound
from billing_core.ledger.correcting import Creditable, creditable
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.payments import invoices as documents
from billing_core.payments.invoices import Wanted, Whole
from billing_core.permissions import Viewer, demand_staff

MOST_FOUND = 20
"""Invoices that a search by number names."""


@dataclass(frozen=True)
class InvoiceAtDesk:
    """An invoice with everything that finance sees of it."""

    whole: Whole
    creditable: Creditable

    @property
    def notes(self) -> Sequence[CreditNote]:
        """The credit notes that name it, the oldest first: corrections, and what an order credited beside it."""
        return list(self.whole.credit_notes.values())

    @property
    def usable_credit(self) -> int:
        """What account credit can pay of it now."""
        return min(self.whole.credit, max(self.whole.invoice.balance - self.whole.held, 0))


def invoice_of(viewer: Viewer, public_id: str) -> InvoiceAtDesk:
    """Any invoice, for finance alone. Twelve statements. Raises NotAllowed and NotFound."""
    whole = documents.whole_of(_named(viewer, public_id))
    return InvoiceAtDesk(whole, creditable(whole.invoice))


def invoice_frame(viewer: Viewer, public_id: str) -> Invoice:
    """Any invoice with its seller and account, for finance alone. One statement. Raises NotAllowed and NotFound."""
    found = db.session().scalar(
        _named(viewer, public_id).options(joinedload(Invoice.seller), joinedload(Invoice.account))
    )
    if found is None:
        raise NotFound
    return found


def invoice_to_credit(viewer: Viewer, public_id: str) -> Creditable:
    """Any invoice with lines, taxes, seller and account, read anew, and what is left of it. Five statements."""
    whole = (selectinload(Invoice.lines), selectinload(Invoice.taxes))
    frame = (joinedload(Invoice.seller), joinedload(Invoice.account))
    named = _named(viewer, public_id).options(*whole, *frame).execution_options(populate_existing=True)
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return creditable(found)


def _named(viewer: Viewer, public_id: str) -> Select[Invoice]:
    demand_staff(viewer, "finance")
    return select(Invoice).where(Invoice.public_id == public_id)


def credit_note_of(viewer: Viewer, public_id: str) -> CreditNote:
    """Any credit note with its invoice, for finance alone. One statement. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    named = select(CreditNote).where(CreditNote.public_id == public_id).options(joinedload(CreditNote.invoice))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return found


def invoices_numbered(search: str) -> list[Invoice]:
    """Invoices of all accounts with this in their number, the newest first, each with account and seller.

    At most MOST_FOUND. None where no figure is searched for: every number has one, and hardly any name. One statement.
    """
    if not any(sign.isdigit() for sign in search):
        return []
    rows = select(Invoice).where(Invoice.number.icontains(search.strip(), autoescape=True))
    found = rows.options(joinedload(Invoice.account), joinedload(Invoice.seller)).order_by(Invoice.id.desc())
    return list(db.session().scalars(found.limit(MOST_FOUND)))


def invoices_of(account_id: int, wanted: Wanted) -> Slice[Invoice]:
    """A page of an account's invoices. At most two statements."""
    return documents.invoices_of(account_id, wanted)
