"""The ledger's verbs: issue a document, allocate money. With `crediting`, the only writers of balances and credit.

Locks are taken in the house's order: account, invoices by id, number series last. Whoever moves a balance holds the
lock of its account, so that the kept sums of one account never wait for one another.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from billing_core import audit, clock, db, numbering
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.ledger.calculation import LineDraft, TaxSum, Totals, add_taxes, sum_up
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, Invoice, InvoiceLine, InvoiceTax
from billing_core.sellers.letterhead import Letterhead
from billing_core.words import mark

__all__ = [
    "BillTo", "Booking", "ImportedInvoice", "InvoiceDraft", "LineDraft", "NegativeInvoice", "TaxSum", "Totals",
    "add_taxes", "allocate", "credit_reference", "import_invoice", "import_invoices", "is_booked", "issue_invoice",
    "leave_as_credit", "lock_account", "lock_accounts", "lock_invoices", "move_balance", "number_invoice", "rows_of",
    "sum_up", "take_off", "write_invoice",
]  # fmt: skip


class NegativeInvoice(Invalid):
    """A negative sum is a credit note, never an invoice (domain.md 6)."""

    message = mark("The sum of this document is below zero: that is a credit note, not an invoice.")


@dataclass(frozen=True)
class BillTo:
    """The address as it stands on the document, copied at issue."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    attention: str = ""
    vat_id: str | None = None
    customer_number: str = ""

    @classmethod
    def of(cls, account: Account, attention: str = "") -> "BillTo":
        """The account's address as it is now, with the name of the person whom it reaches."""
        return cls(
            name=account.name, street=account.street, postal_code=account.postal_code, city=account.city,
            country=account.country, attention=attention, vat_id=account.vat_id, customer_number=account.number,
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The stored form."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "BillTo":
        """The address of an issued document."""
        return cls(**json.loads(stored))


@dataclass(frozen=True)
class InvoiceDraft:
    """Everything an invoice says, before it has a number. due_on and issued_on are days of the seller's calendar."""

    account_id: int
    seller_id: int
    seller_code: str
    contact_id: int | None
    currency: str
    locale: str
    issued_on: date
    due_on: date
    bill_to: BillTo
    issued_by: Letterhead
    lines: Sequence[LineDraft]
    user_id: str = ""
    title: str = ""
    po_number: str = ""
    quote_number: str = ""
    order_number: str = ""
    period_start: date | None = None
    period_end: date | None = None


@dataclass(frozen=True)
class ImportedInvoice:
    """An invoice that another system issued. It keeps its number, in a series of its own, and what was paid there."""

    draft: InvoiceDraft
    source: str
    external_id: str
    number: str
    paid: int = 0


@dataclass(frozen=True)
class Booking:
    """What became of money: allocated to the invoice, the excess credited to the account. Both 0: known already."""

    allocated: int = 0
    credited: int = 0

    @property
    def is_new(self) -> bool:
        """Whether this call booked the money; of all tellers exactly one sees True."""
        return bool(self.allocated or self.credited)

    def __add__(self, other: "Booking") -> "Booking":
        return Booking(self.allocated + other.allocated, self.credited + other.credited)


def lock_account(account_id: int) -> Account:
    """The account's row, locked before any of its invoices."""
    row = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return db.session().scalars(row.execution_options(populate_existing=True)).one()


def lock_accounts(account_ids: Iterable[int]) -> None:
    """The accounts' rows, locked in the order of their ids."""
    rows = select(Account.id).where(Account.id.in_(sorted(set(account_ids)))).order_by(Account.id)
    db.session().execute(rows.with_for_update(key_share=True))


def lock_invoices(invoice_ids: Iterable[int]) -> list[Invoice]:
    """The invoices' rows, locked in the order of their ids and read anew."""
    rows = select(Invoice).where(Invoice.id.in_(sorted(invoice_ids))).order_by(Invoice.id)
    locked = rows.with_for_update(key_share=True).execution_options(populate_existing=True)
    return list(db.session().scalars(locked))


def issue_invoice(draft: InvoiceDraft, actor: str) -> Invoice:
    """Issue the invoice: written whole, then numbered. Takes the account's lock, and the series last.

    Raises NegativeInvoice and AmountTooLarge.
    """
    invoice = write_invoice(draft)
    number_invoice(invoice, draft.seller_code, actor)
    return invoice


def write_invoice(draft: InvoiceDraft) -> Invoice:
    """The sums, rows and open balance of an invoice, which `number_invoice` must number in the same transaction.

    Takes the account's lock. Until it is numbered its public id stands in the number's place. Raises NegativeInvoice
    and AmountTooLarge.
    """
    totals = _totals(draft)
    lock_account(draft.account_id)
    public_id = db.public_id("inv")
    invoice = _invoice(draft, totals, public_id, public_id, "portal", public_id)
    db.session().add(invoice)
    db.session().flush()
    _put_down([(invoice, draft, totals)])
    move_balance(invoice.account_id, invoice.currency, opened=invoice.total)
    return invoice


def number_invoice(invoice: Invoice, seller_code: str, actor: str) -> None:
    """Give a written invoice the next number of its seller's series for the year, and note the issue."""
    series = numbering.series(seller_code, invoice.issued_on.year)
    invoice.number = numbering.spell(series, numbering.take(series))
    db.session().flush()
    audit.record(
        actor, "invoice.issued", invoice.public_id, invoice.account_id, number=invoice.number, total=invoice.total
    )


def import_invoice(imported: ImportedInvoice, actor: str) -> Invoice:
    """Take over an invoice that was issued elsewhere, with what has been paid on it.

    Raises NegativeInvoice, AmountTooLarge, and Invalid where more was paid than the total.
    """
    return import_invoices([imported], actor)[0]


def import_invoices(imported: Sequence[ImportedInvoice], actor: str) -> list[Invoice]:
    """Take over several in a fixed number of statements, in their order: an import has a hundred thousand of them.

    What was paid elsewhere is allocated at birth, so no balance moves twice. Raises as import_invoice does.
    """
    totals = [_totals_of_imported(one) for one in imported]
    lock_accounts(one.draft.account_id for one in imported)
    invoices = [_imported(one, sums, db.public_id("inv")) for one, sums in zip(imported, totals, strict=True)]
    db.session().add_all(invoices)
    db.session().flush()
    _put_down(list(zip(invoices, [one.draft for one in imported], totals, strict=True)))
    _put_down_paid(list(zip(invoices, imported, strict=True)))
    _open_balances(invoices)
    for invoice in invoices:
        audit.record(
            actor, "invoice.imported", invoice.public_id, invoice.account_id, number=invoice.number, total=invoice.total
        )
    return invoices


def _totals_of_imported(imported: ImportedInvoice) -> Totals:
    totals = _totals(imported.draft)
    if not 0 <= imported.paid <= totals.total:
        raise Invalid(mark("The amount paid must be between 0 and the total of the invoice."), field="paid")
    return totals


def _imported(imported: ImportedInvoice, totals: Totals, public_id: str) -> Invoice:
    invoice = _invoice(imported.draft, totals, public_id, imported.number, imported.source, imported.external_id)
    invoice.issued_elsewhere = True
    invoice.balance = totals.total - imported.paid
    return invoice


def _put_down_paid(invoices: Sequence[tuple[Invoice, ImportedInvoice]]) -> None:
    now = clock.now()
    rows = [
        {
            "invoice_id": invoice.id, "account_id": invoice.account_id, "currency": invoice.currency,
            "kind": "imported", "reference": f"{imported.source}:{imported.external_id}", "amount": imported.paid,
            "payment_id": None, "booked_at": now,
        }
        for invoice, imported in invoices
        if imported.paid
    ]  # fmt: skip
    if rows:
        db.session().execute(insert(Allocation), rows)


def _open_balances(invoices: Sequence[Invoice]) -> None:
    opened: dict[tuple[int, str], int] = {}
    for invoice in invoices:
        key = (invoice.account_id, invoice.currency)
        opened[key] = opened.get(key, 0) + invoice.balance
    rows = [{"account_id": a, "currency": c, "open": amount, "credit": 0} for (a, c), amount in opened.items()]
    if rows:
        add = db.upsert(AccountBalance).values(rows)
        raised = {"open": AccountBalance.open + add.excluded.open}
        db.session().execute(add.on_conflict_do_update(index_elements=["account_id", "currency"], set_=raised))


def allocate(invoice: Invoice, amount: int, kind: str, reference: str, payment_id: int | None = None) -> Booking:
    """Book money that came in for the invoice, whose row and account the caller has locked. The only mover of balances.

    What exceeds the balance becomes account credit: money is never dropped. The same (kind, reference) is booked once.
    """
    if amount <= 0:
        raise ValueError("money that came in is positive")
    if is_booked(invoice, kind, reference):
        return Booking()
    booking = Booking(allocated=min(amount, invoice.balance), credited=max(amount - invoice.balance, 0))
    if booking.allocated:
        take_off(invoice, booking.allocated, kind, reference, payment_id)
    if booking.credited:
        known_as = credit_reference(invoice, reference)
        leave_as_credit(invoice.account_id, invoice.currency, booking.credited, "overpayment", known_as, payment_id)
    db.session().flush()
    move_balance(invoice.account_id, invoice.currency, opened=-booking.allocated, credited=booking.credited)
    return booking


def take_off(invoice: Invoice, amount: int, kind: str, reference: str, payment_id: int | None = None) -> None:
    """Take the amount off a locked invoice's balance; `move_balance` must follow."""
    taken = Allocation(
        invoice_id=invoice.id, account_id=invoice.account_id, kind=kind, reference=reference, amount=amount,
        currency=invoice.currency, payment_id=payment_id, booked_at=clock.now(),
    )  # fmt: skip
    db.session().add(taken)
    invoice.balance -= amount


def leave_as_credit(
    account_id: int, currency: str, amount: int, kind: str, reference: str, payment_id: int | None = None
) -> None:
    """Leave the amount to the account as credit; `move_balance` must follow."""
    left = CreditEntry(
        account_id=account_id, currency=currency, amount=amount, kind=kind, reference=reference,
        payment_id=payment_id, booked_at=clock.now(),
    )  # fmt: skip
    db.session().add(left)


def is_booked(invoice: Invoice, kind: str, reference: str) -> bool:
    """Whether money of this kind and reference was booked for the invoice, be it all as an overpayment."""
    same = select(Allocation.id).where(
        Allocation.kind == kind, Allocation.reference == reference, Allocation.invoice_id == invoice.id
    )
    credited = select(CreditEntry.id).where(
        CreditEntry.kind == "overpayment", CreditEntry.reference == credit_reference(invoice, reference)
    )
    found = db.session().scalar(same.union_all(credited).limit(1))
    return found is not None


def credit_reference(invoice: Invoice, reference: str) -> str:
    """Names the credit that stands beside an invoice's allocation of this reference."""
    return f"{reference}/{invoice.public_id}"


def _totals(draft: InvoiceDraft) -> Totals:
    totals = sum_up(draft.lines)
    if totals.total < 0:
        raise NegativeInvoice
    return totals


def _invoice(
    draft: InvoiceDraft, totals: Totals, public_id: str, number: str, source: str, external_id: str
) -> Invoice:
    return Invoice(
        public_id=public_id,
        number=number,
        source=source,
        external_id=external_id,
        issued_elsewhere=False,
        account_id=draft.account_id,
        seller_id=draft.seller_id,
        contact_id=draft.contact_id,
        currency=draft.currency,
        locale=draft.locale,
        issued_on=draft.issued_on,
        due_on=draft.due_on,
        issued_at=clock.now(),
        period_start=draft.period_start,
        period_end=draft.period_end,
        net=totals.net,
        tax=totals.tax,
        total=totals.total,
        balance=totals.total,
        po_number=draft.po_number,
        quote_number=draft.quote_number,
        order_number=draft.order_number,
        title=draft.title,
        bill_to=draft.bill_to.to_bytes(),
        issued_by=draft.issued_by.to_bytes(),
        user_id=draft.user_id,
    )


def _put_down(invoices: Sequence[tuple[Invoice, InvoiceDraft, Totals]]) -> None:
    """The lines and taxes of invoices that have their ids."""
    lines: list[dict[str, Any]] = []
    taxes: list[dict[str, Any]] = []
    for invoice, draft, totals in invoices:
        its_lines, its_taxes = rows_of("invoice_id", invoice.id, draft.lines, totals)
        lines += its_lines
        taxes += its_taxes
    for table, rows in ((InvoiceLine, lines), (InvoiceTax, taxes)):
        if rows:
            db.session().execute(insert(table), rows)


def rows_of(
    column: str, document_id: int, lines: Sequence[LineDraft], totals: Totals
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of a document's lines and taxes; `column` is where they say whose they are."""
    of = {column: document_id}
    return (
        [of | {"position": place, "net": line.net} | _stored(line) for place, line in enumerate(lines, start=1)],
        [of | asdict(tax) for tax in totals.taxes],
    )


def _stored(line: LineDraft) -> dict[str, Any]:
    """The line's columns; the reason for its tax stands with the tax."""
    return {name: value for name, value in asdict(line).items() if name != "why"}


def move_balance(account_id: int, currency: str, opened: int = 0, credited: int = 0) -> None:
    """Move the kept sums of a locked account, in the transaction that writes the rows behind them."""
    db.add_if_absent(AccountBalance, account_id=account_id, currency=currency, open=0, credit=0)
    kept = (AccountBalance.account_id == account_id, AccountBalance.currency == currency)
    moved = {"open": AccountBalance.open + opened, "credit": AccountBalance.credit + credited}
    db.session().execute(
        update(AccountBalance).where(*kept).values(**moved).execution_options(synchronize_session="evaluate")
    )
