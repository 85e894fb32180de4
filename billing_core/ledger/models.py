"""Invoice, its lines and taxes, allocations, and the balances kept from them.

An issued invoice never changes but for two kept sums: `balance`, which is total minus the sum of its allocations,
always, and `credited`, the sum of the credit notes that correct it. Each is written in one transaction with the rows
behind it. All amounts are smallest units of `currency`.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from billing_core import numbering
from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index
from billing_core.people import Person
from billing_core.sellers.letterhead import Letterhead
from billing_core.sellers.models import Seller

RECEIVABLE = ("currency", "due_on", "id", "account_id", "seller_id", "balance")
"""What open items are found and summed up by, without a look at the rows themselves."""


class Invoice(Base):
    """A demand for payment. Seller, address and User ID are copied at issue, so that the document stays what it was."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_invoice_source"),
        CheckConstraint("balance >= 0 AND balance <= total", name="ck_invoice_balance"),
        CheckConstraint("total = net + tax AND total >= 0", name="ck_invoice_total"),
        CheckConstraint("credited >= 0 AND credited <= total", name="ck_invoice_credited"),
        Index("ix_invoice_account", "account_id", "issued_on", "id"),
        partial_index("ix_invoice_open", "account_id", "due_on", where="balance > 0"),
        Index("ix_invoice_number_plain", "number_plain"),
        partial_index("ix_invoice_receivable", *RECEIVABLE, where="balance > 0"),
        Index("ix_invoice_seller", "seller_id", "issued_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    number_plain: Mapped[str] = mapped_column(String(60), default="")
    """The number in capitals without marks and blanks, as it is found in what payers write. Follows `number`."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contact.id"))
    """The billing contact to whom it is addressed."""
    user_id: Mapped[str] = mapped_column(String(254), default="")
    """That contact's User ID as it was at issue; empty where there is no contact."""
    source: Mapped[str] = mapped_column(String(40), default="portal")
    external_id: Mapped[str] = mapped_column(String(80))
    issued_elsewhere: Mapped[bool] = mapped_column(default=False)
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    """Service period, half-open: period_end is the first day that is not covered."""
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    balance: Mapped[int]
    credited: Mapped[int] = mapped_column(default=0)
    """What the credit notes that correct its lines took of the total, whether it was still open or had been paid."""
    po_number: Mapped[str] = mapped_column(String(100), default="")
    quote_number: Mapped[str] = mapped_column(String(40), default="")
    order_number: Mapped[str] = mapped_column(String(40), default="")
    title: Mapped[str] = mapped_column(String(160), default="")
    bill_to: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: name, attention, street, postal_code, city, country, vat_id, customer_number."""
    issued_by: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: the seller's letterhead at issue."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    seller: Mapped[Seller] = relationship(lazy="raise_on_sql")
    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise_on_sql", order_by="InvoiceLine.position")
    taxes: Mapped[list["InvoiceTax"]] = relationship(lazy="raise_on_sql", order_by="InvoiceTax.id")
    allocations: Mapped[list["Allocation"]] = relationship(lazy="raise_on_sql", order_by="Allocation.id")

    @validates("number")
    def _keep_plain(self, _name: str, number: str) -> str:
        self.number_plain = numbering.plain(number)[:60]
        return number

    @property
    def letterhead(self) -> Letterhead:
        """The seller as it stands on the document."""
        return Letterhead.from_bytes(self.issued_by)

    @property
    def paid(self) -> int:
        """What has been allocated so far."""
        return self.total - self.balance

    @property
    def reopenable(self) -> int:
        """How much of it can be owed again when money leaves: what was credited stays credited."""
        return max(self.total - self.credited - self.balance, 0)

    @property
    def settlement(self) -> str:
        """open, partially_paid, paid or cancelled (wholly credited, domain.md 5); always the sum of its rows."""
        if self.balance == 0:
            return "cancelled" if self.is_cancelled else "paid"
        return "open" if self.balance == self.total else "partially_paid"

    @property
    def is_cancelled(self) -> bool:
        """Its credit notes take back all that it asked for, and nothing is owed."""
        return 0 < self.total == self.credited and self.balance == 0

    def is_past_due(self, today: date) -> bool:
        """Derived, never stored: a balance, and the due date has passed on the seller's calendar."""
        return self.balance > 0 and self.due_on < today


IS_CANCELLED = and_(Invoice.total > 0, Invoice.credited == Invoice.total, Invoice.balance == 0)
"""`Invoice.is_cancelled` as the condition of a list."""


class InvoiceLine(Base):
    """One position. net = round(quantity * unit_price) less its discount; tax is taken per category on the sum."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position", name="ux_invoice_line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str] = mapped_column(String(300), default="")
    quantity: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20), default="")
    """A seat kind, or empty."""
    unit_price: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    """Smallest units taken off the line, positive."""
    net: Mapped[int]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    tax_category: Mapped[str] = mapped_column(String(3))
    tax_rate: Mapped[int]
    """Basis points."""
    exemption: Mapped[str] = mapped_column(Text, default="")
    credits_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    """Of a line below zero: the line of an earlier invoice whose unused part it credits."""


class InvoiceTax(Base):
    """Tax of one category and rate on the net sum of its lines."""

    __tablename__ = "invoice_tax"
    __table_args__ = (UniqueConstraint("invoice_id", "category", "rate", name="ux_invoice_tax"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    category: Mapped[str] = mapped_column(String(3))
    rate: Mapped[int]
    net: Mapped[int]
    tax: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    """The msgid of the reason for the tax, shown under the totals; empty in the plain case."""


class CreditNote(Base):
    """A correction in the customer's favour, with a number series of its own. Amounts are positive: what is credited.

    It first reduces the open balance of `invoice_id`, where it names one; the rest becomes account credit (domain.md
    5). An issued credit note never changes.
    """

    __tablename__ = "credit_note"
    __table_args__ = (
        CheckConstraint("total = net + tax AND total >= 0", name="ck_credit_note_total"),
        UniqueConstraint("cause", name="ux_credit_note_cause"),
        Index("ix_credit_note_account", "account_id", "issued_on", "id"),
        Index("ix_credit_note_seller", "seller_id", "issued_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    cause: Mapped[str] = mapped_column(String(80))
    """The public id of what brought it about: the same cause credits once."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contact.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    title: Mapped[str] = mapped_column(String(160), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why finance corrected the invoice, as it is printed; empty where an order brought the credit about."""
    quote_number: Mapped[str] = mapped_column(String(40), default="")
    order_number: Mapped[str] = mapped_column(String(40), default="")
    po_number: Mapped[str] = mapped_column(String(100), default="")
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    stays_credit: Mapped[bool] = mapped_column(default=False)
    """Its credit came from proration: it pays invoices and is never sent back (domain.md 5)."""
    bill_to: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[str] = mapped_column(String(254), default="")

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    invoice: Mapped[Invoice | None] = relationship(lazy="raise_on_sql")
    lines: Mapped[list["CreditNoteLine"]] = relationship(lazy="raise_on_sql", order_by="CreditNoteLine.position")
    taxes: Mapped[list["CreditNoteTax"]] = relationship(lazy="raise_on_sql", order_by="CreditNoteTax.id")

    @property
    def letterhead(self) -> Letterhead:
        """The seller as it stands on the document."""
        return Letterhead.from_bytes(self.issued_by)


class CreditNoteLine(Base):
    """One credited position; net is positive. With `invoice_line_id` it takes back (a part of) that line."""

    __tablename__ = "credit_note_line"
    __table_args__ = (UniqueConstraint("credit_note_id", "position", name="ux_credit_note_line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_note.id"))
    invoice_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    """The corrected line; none where the invoice is not what is credited, as by an order that removes seats."""
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str] = mapped_column(String(300), default="")
    quantity: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20), default="")
    unit_price: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    net: Mapped[int]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    tax_category: Mapped[str] = mapped_column(String(3))
    tax_rate: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    credits_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    """The line of an invoice whose unused part it credits, as by an online order; that corrects nothing."""


class CreditNoteTax(Base):
    """Tax of one category and rate on the net sum of the credited lines."""

    __tablename__ = "credit_note_tax"
    __table_args__ = (UniqueConstraint("credit_note_id", "category", "rate", name="ux_credit_note_tax"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_note.id"))
    category: Mapped[str] = mapped_column(String(3))
    rate: Mapped[int]
    net: Mapped[int]
    tax: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")


class Allocation(Base):
    """Money that reduced an invoice's balance (negative: that raised it again). Append-only.

    kind: card (a payment through the processor), incoming (booked by finance), credit (account credit that was used;
    negative: that had to be given up again), credit_note, imported (paid before the import); refund and dispute (money
    that left again, negative) with refund_failed and dispute_won (it came back), returned (a debit or cheque that the
    bank took back, negative). `reference` names the money where it comes from, unique, so that the same money is never
    booked twice.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("kind", "reference", "invoice_id", name="ux_allocation_reference"),
        CheckConstraint("amount <> 0", name="ck_allocation_amount"),
        Index("ix_allocation_invoice", "invoice_id", "id"),
        partial_index("ix_allocation_payment", "payment_id", where="payment_id IS NOT NULL"),
        Index("ix_allocation_account", "account_id", "booked_at", "id"),
        Index("ix_allocation_booked", "booked_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    booked_at: Mapped[datetime] = mapped_column(Instant)


class AccountBalance(Base):
    """Kept sums per account and currency: what is open, and unapplied money (credit). Checked against the rows."""

    __tablename__ = "account_balance"
    __table_args__ = (CheckConstraint("open >= 0 AND credit >= 0", name="ck_account_balance"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    open: Mapped[int] = mapped_column(default=0)
    credit: Mapped[int] = mapped_column(default=0)


class CreditEntry(Base):
    """Account credit: money that came in and belongs to no invoice, or left again. Append-only; the sum is `credit`."""

    __tablename__ = "credit_entry"
    __table_args__ = (
        UniqueConstraint("kind", "reference", name="ux_credit_reference"),
        partial_index("ix_credit_payment", "payment_id", where="payment_id IS NOT NULL"),
        Index("ix_credit_entry_booked", "booked_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    """overpayment: more money than was open. credit_note: credited, not owed. used: taken off an invoice (negative).
    refund, refund_failed, dispute, dispute_won and returned as in Allocation."""
    reference: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    booked_at: Mapped[datetime] = mapped_column(Instant)


class IncomingPayment(Base):
    """Money that came in otherwise than by card and that finance booked. Append-only.

    Its allocations and its credit entry carry the public id as their reference; together they are its amount.
    """

    __tablename__ = "incoming_payment"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_incoming_payment_amount"),
        UniqueConstraint("booked_by", "form_key", name="ux_incoming_payment_form"),
        Index("ix_incoming_payment_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    method: Mapped[str] = mapped_column(String(16))
    """bank_transfer, direct_debit or cheque."""
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    received_on: Mapped[date]
    """The day of value at the bank."""
    reference: Mapped[str] = mapped_column(String(140))
    """What the payer wrote, or the number of the cheque."""
    note: Mapped[str] = mapped_column(Text, default="")
    booked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(String(40))
    """The random key of the form: the same form sent twice books once."""
    booked_at: Mapped[datetime] = mapped_column(Instant)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    clerk: Mapped[Person] = relationship(lazy="raise_on_sql")
    returned: Mapped["IncomingReturn | None"] = relationship(lazy="raise_on_sql", back_populates="incoming")


class IncomingReturn(Base):
    """The bank took the money back (a returned debit, a bounced cheque), or it was booked by mistake. Append-only.

    Its rows undo those of the whole incoming payment and carry its public id, under the kind `returned`.
    """

    __tablename__ = "incoming_return"

    id: Mapped[int] = mapped_column(primary_key=True)
    incoming_id: Mapped[int] = mapped_column(ForeignKey("incoming_payment.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(300))
    booked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    booked_at: Mapped[datetime] = mapped_column(Instant)

    incoming: Mapped[IncomingPayment] = relationship(lazy="raise_on_sql", back_populates="returned")
    clerk: Mapped[Person] = relationship(lazy="raise_on_sql")
