"""What may be read about invoices and credit notes. The viewer comes first: what is another account's is not found.

Lists are keyset pages without a count; every function says how many statements it costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import clock, db
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.documents.models import Document
from billing_core.errors import NotFound
from billing_core.ledger import queries as ledger
from billing_core.ledger.incoming import credit_of
from billing_core.ledger.models import IS_CANCELLED, AccountBalance, CreditNote, IncomingPayment, Invoice
from billing_core.ledger.queries import CreditUse, credit_use
from billing_core.ledger.service import BillTo
from billing_core.payments import queries as payments
from billing_core.payments.models import Payment
from billing_core.permissions import Viewer
from billing_core.sellers.models import Seller

STATES = ("open", "past-due", "partially-paid", "paid", "cancelled", "all")
"""What a list can be asked for; the first is what a contact sees first."""

NEXT_DUE_FIRST = Key((Invoice.due_on, Invoice.id))
NEWEST_FIRST = Key((Invoice.issued_on, Invoice.id), descending=True)
NEWEST_CREDIT_FIRST = Key((CreditNote.issued_on, CreditNote.id), descending=True)


@dataclass(frozen=True)
class Wanted:
    """The filters of a list, as they stand in the address."""

    state: str = "open"
    number: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Credited:
    """A credit note with what became of it: allocated to an invoice, the rest account credit."""

    note: CreditNote
    use: CreditUse

    @property
    def bill_to(self) -> BillTo:
        """The address that stands on it."""
        return BillTo.from_bytes(self.note.bill_to)


@dataclass(frozen=True)
class Whole:
    """An invoice with everything that its page shows."""

    invoice: Invoice
    attempts: Sequence[Payment]
    today: date
    """On the seller's calendar: it decides whether the invoice is past due."""
    has_document: bool
    """A PDF is kept, or is going to be printed."""
    credit_notes: Mapping[str, CreditNote]
    """Those that name it, by public id: the reference of their allocation, where they reduced its balance."""
    incoming: Mapping[str, IncomingPayment]
    """Money that finance booked for it, by the reference of its allocation."""
    credit: int
    """What the account has left over in the invoice's currency."""
    is_disputed: bool
    """The bank of a cardholder who paid it has not decided."""

    @property
    def bill_to(self) -> BillTo:
        """The address that stands on it."""
        return BillTo.from_bytes(self.invoice.bill_to)

    @property
    def held(self) -> int:
        """What unfinished attempts hold of the balance."""
        own = [t for attempt in self.attempts for t in attempt.targets if t.invoice_id == self.invoice.id]
        return sum(target.amount for target in own if target.holds)

    @property
    def under_way(self) -> list[Payment]:
        """The attempts whose outcome is not known yet."""
        return [attempt for attempt in self.attempts if attempt.is_under_way]


def invoices(viewer: Viewer, wanted: Wanted) -> Slice[Invoice]:
    """A page of the current account's invoices with their sellers: what is open by due date, else the newest first.

    One statement; past-due ones two, because each seller has its own calendar.
    """
    return invoices_of(viewer.current.account_id if viewer.current else None, wanted)


def invoices_of(account_id: int | None, wanted: Wanted) -> Slice[Invoice]:
    """The same for an account that the caller may look into."""
    its = select(Invoice).where(Invoice.account_id == account_id, _in_state(wanted.state))
    rows = its.options(joinedload(Invoice.seller))
    if wanted.number:
        rows = rows.where(Invoice.number.icontains(wanted.number, autoescape=True))
    key = NEWEST_FIRST if wanted.state in ("paid", "cancelled", "all") else NEXT_DUE_FIRST
    return page_of(rows, key, wanted.after, wanted.before)


def balances(viewer: Viewer) -> list[AccountBalance]:
    """Open balance and credit of the current account by currency. One statement."""
    return ledger.balances_of([viewer.current.account_id] if viewer.current else [])


def invoice_named(viewer: Viewer, public_id: str) -> Invoice:
    """An invoice of one of the viewer's accounts, with its seller and account. One statement. Raises NotFound."""
    found = db.session().scalar(_named(viewer, public_id).options(*_FRAME))
    if found is None:
        raise NotFound
    return found


def whole_invoice(viewer: Viewer, public_id: str) -> Whole:
    """An invoice with lines, taxes, what reduced its balance, and attempts. Eleven statements. Raises NotFound."""
    return whole_of(_named(viewer, public_id))


def whole_of(named: Select[Invoice]) -> Whole:
    """The same of the invoice that the statement names. Raises NotFound."""
    parts = (selectinload(Invoice.lines), selectinload(Invoice.taxes), selectinload(Invoice.allocations))
    found = db.session().scalar(named.options(*_FRAME, *parts))
    if found is None:
        raise NotFound
    document = select(Document.id).where(Document.subject == found.public_id, Document.kind == "invoice")
    has_document = db.session().scalar(document) is not None
    today = clock.today(found.seller.timezone)
    return Whole(
        found, payments.attempts_on(found.id), today, has_document, _credit_notes_of(found),
        _incoming_of(found), credit_of(found.account_id, found.currency), bool(payments.disputed_among([found.id])),
    )  # fmt: skip


def _credit_notes_of(invoice: Invoice) -> dict[str, CreditNote]:
    """The oldest first. One statement."""
    naming = select(CreditNote).where(CreditNote.invoice_id == invoice.id).order_by(CreditNote.id)
    return {note.public_id: note for note in db.session().scalars(naming)}


def _incoming_of(invoice: Invoice) -> dict[str, IncomingPayment]:
    """The money behind the invoice's allocations that finance booked, by public id. One statement."""
    references = [booked.reference for booked in invoice.allocations if booked.kind == "incoming"]
    rows = db.session().scalars(select(IncomingPayment).where(IncomingPayment.public_id.in_(references)))
    return {row.public_id: row for row in rows}


def credit_notes(viewer: Viewer, after: str, before: str) -> Slice[CreditNote]:
    """A page of the current account's credit notes, the newest first. One statement."""
    chosen = viewer.current.account_id if viewer.current else None
    return page_of(select(CreditNote).where(CreditNote.account_id == chosen), NEWEST_CREDIT_FIRST, after, before)


def credit_note_named(viewer: Viewer, public_id: str) -> CreditNote:
    """A credit note of one of the viewer's accounts. One statement. Raises NotFound."""
    found = db.session().scalar(_credit_note_named(viewer, public_id))
    if found is None:
        raise NotFound
    return found


def whole_credit_note(viewer: Viewer, public_id: str) -> Credited:
    """A credit note with lines, taxes, the invoice that it names, and its use. Four statements. Raises NotFound."""
    parts = (selectinload(CreditNote.lines), selectinload(CreditNote.taxes), joinedload(CreditNote.invoice))
    found = db.session().scalar(_credit_note_named(viewer, public_id).options(*parts))
    if found is None:
        raise NotFound
    return Credited(found, credit_use(found.public_id, found.total))


def _credit_note_named(viewer: Viewer, public_id: str) -> Select[CreditNote]:
    mine = CreditNote.account_id.in_(sorted(viewer.account_ids))
    return select(CreditNote).where(CreditNote.public_id == public_id, mine)


_FRAME = (joinedload(Invoice.seller), joinedload(Invoice.account))


def _named(viewer: Viewer, public_id: str) -> Select[Invoice]:
    return select(Invoice).where(Invoice.public_id == public_id, Invoice.account_id.in_(sorted(viewer.account_ids)))


def _in_state(state: str) -> ColumnElement[bool]:
    conditions = {
        "open": Invoice.balance > 0,
        "partially-paid": and_(Invoice.balance > 0, Invoice.balance < Invoice.total),
        "paid": and_(Invoice.balance == 0, not_(IS_CANCELLED)),
        "cancelled": IS_CANCELLED,
        "all": Invoice.balance >= 0,
    }
    return _is_past_due() if state == "past-due" else conditions[state]


def _is_past_due() -> ColumnElement[bool]:
    zones = db.session().execute(select(Seller.id, Seller.timezone).order_by(Seller.id)).all()
    late = [and_(Invoice.seller_id == seller, Invoice.due_on < clock.today(zone)) for seller, zone in zones]
    return and_(Invoice.balance > 0, or_(false(), *late))
