"""What a statement of account is made of: rows of the ledger, drawn together into the entries that a reader knows.

The balance is what is open less the account credit. Every row moves it by its `amount`: an invoice by its total
upwards, an allocation and a credit entry by their amounts downwards. So the balance before a period and its entries
are the balance after it, whatever kinds there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from billing_core import words
from billing_core.templating import short_day
from billing_core.words import mark

INVOICE, CREDIT_NOTE, CREDIT_USED, IMPORTED, OVERPAYMENT = "invoice", "credit_note", "credit", "imported", "overpayment"
METHODS = ("bank_transfer", "direct_debit", "cheque")

WORDS = {
    INVOICE: mark("Invoice"),
    CREDIT_NOTE: mark("Credit note"),
    "card": mark("Card payment"),
    "bank_transfer": mark("Bank transfer"),
    "direct_debit": mark("Direct debit"),
    "cheque": mark("Cheque"),
    "incoming": mark("Payment received"),
    CREDIT_USED: mark("Account credit used"),
    "used": mark("Account credit used"),
    OVERPAYMENT: mark("Payment received"),
    IMPORTED: mark("Paid before this portal was used"),
    "refund": mark("Refund"),
    "refund_failed": mark("Refund that did not arrive"),
    "dispute": mark("Disputed card payment taken back"),
    "dispute_won": mark("Disputed card payment booked again"),
    "returned": mark("Payment returned by the bank"),
}
"""What each kind of entry is called. Every kind of allocation and credit entry stands here; a test demands it."""

OTHER = mark("Other entry")
CREDIT_FREED = mark("Account credit taken off an invoice again")
"""Credit that was used, and had to be given up again because its money left."""

PAID = frozenset({"card", "incoming", *METHODS, IMPORTED, OVERPAYMENT})
CREDITED = frozenset({CREDIT_NOTE})


def name_of(kind: str) -> str:
    """The kind in the reader's language; a kind that nobody has named yet is an entry all the same."""
    return words.gettext(WORDS.get(kind, OTHER))


@dataclass(frozen=True)
class Period:
    """Days of the seller's calendar, both included."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The first day that is not in it."""
        return self.last + timedelta(days=1)

    @classmethod
    def ending(cls, last: date) -> "Period":
        """Ninety days, which is what a page shows unasked."""
        return cls(last - timedelta(days=89), last)


def usual_periods(today: date) -> list[tuple[str, Period]]:
    """What can be chosen with one click, each with its name."""
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    before = quarter - timedelta(days=1)
    year = date(today.year, 1, 1)
    return [
        (words.gettext("Last 90 days"), Period.ending(today)),
        (words.gettext("This quarter"), Period(quarter, today)),
        (words.gettext("Last quarter"), Period(date(before.year, before.month - 2, 1), before)),
        (words.gettext("This year"), Period(year, today)),
        (words.gettext("Last year"), Period(date(today.year - 1, 1, 1), year - timedelta(days=1))),
    ]


def file_name(number: str, period: Period) -> str:
    """What a file with the statement is called, without its ending, in the reader's language."""
    return words.gettext(
        "Statement %(number)s %(first)s to %(last)s", number=number, first=period.first, last=period.last
    )


@dataclass(frozen=True)
class Row:
    """One row of the ledger as a statement reads it. `amount` is what it adds to the balance, in smallest units."""

    day: date
    at: datetime | None
    """When it was booked; None for what happened with an invoice's issue."""
    place: int
    id: int
    kind: str
    reference: str
    amount: int
    invoice: Any = None
    """number, public_id and due_on, where one is named."""
    came: Any = None
    """method, reference, received_on and public_id of money that finance booked."""
    payment: Any = None
    """The card payment."""
    note: Any = None
    """number and public_id of a credit note."""

    @property
    def order(self) -> tuple[Any, ...]:
        """A day begins with its invoices; then as it was booked."""
        return (self.day, self.at or datetime.min.replace(tzinfo=UTC), self.place, self.id)

    @property
    def shown_kind(self) -> str:
        """The kind of the entry that it belongs to: money by the way it came, with what was too much of it."""
        if self.kind in ("incoming", OVERPAYMENT) and self.came is not None:
            return str(self.came.method)
        if self.kind == OVERPAYMENT and self.payment is not None:
            return "card"
        return CREDIT_USED if self.kind == "used" else self.kind

    @property
    def event(self) -> tuple[str, date]:
        """What its event is known by. Rows that stand beside others name them behind a slash."""
        return (self.reference.partition("/")[0], self.day)


@dataclass(frozen=True)
class Entry:
    """One event in the books: an invoice, a payment with everything it paid, a credit note."""

    kind: str
    """A key of WORDS, unless it is new."""
    rows: Sequence[Row]
    balance: int
    """Of the account, after it."""

    @property
    def day(self) -> date:
        """On which it was booked, by the seller's calendar."""
        return self.rows[0].day

    @property
    def name(self) -> str:
        """The kind, in the reader's language."""
        is_undone = self.kind == CREDIT_USED and self.rows[0].amount > 0
        return words.gettext(CREDIT_FREED) if is_undone else name_of(self.kind)

    @property
    def amount(self) -> int:
        """What it adds to the balance; 0 where account credit only moved to an invoice."""
        return sum(row.amount for row in self.rows)

    @property
    def moved(self) -> int:
        """The account credit that it used, or freed again."""
        return sum(max(-row.amount, 0) for row in self.rows) if self.kind == CREDIT_USED else 0

    @property
    def invoices(self) -> list[Any]:
        """The invoices that it is about."""
        return list({row.invoice.number: row.invoice for row in self.rows if row.invoice is not None}.values())

    @property
    def came(self) -> Any:
        """The money that finance booked, where it is such."""
        return next((row.came for row in self.rows if row.came is not None), None)

    @property
    def payment(self) -> Any:
        """The card payment, where it is about one."""
        return next((row.payment for row in self.rows if row.payment is not None), None)

    @property
    def note(self) -> Any:
        """The credit note, where it is one."""
        return next((row.note for row in self.rows if row.note is not None), None)

    @property
    def number(self) -> str:
        """Of the invoice or credit note that it is; empty for anything else."""
        if self.kind == INVOICE:
            return str(self.rows[0].invoice.number)
        return str(self.note.number) if self.note is not None else ""

    @property
    def reference(self) -> str:
        """What the payer wrote; empty where nobody did."""
        return str(self.came.reference) if self.came is not None else ""

    @property
    def about(self) -> str:
        """What else a reader wants to know, in the reader's language; empty where nothing is."""
        if self.kind == INVOICE:
            return words.gettext("due on %(day)s", day=short_day(self.rows[0].invoice.due_on))
        told = []
        if self.payment is not None and self.payment.card:
            told.append(self.payment.card)
        if self.came is not None and self.came.received_on != self.day:
            told.append(words.gettext("received on %(day)s", day=short_day(self.came.received_on)))
        if self.invoices:
            named = ", ".join(invoice.number for invoice in self.invoices)
            told.append(
                words.ngettext("for invoice %(named)s", "for invoices %(named)s", len(self.invoices), named=named)
            )
        return "; ".join(told)


def drawn_together(rows: Iterable[Row], opening: int) -> Iterator[Entry]:
    """Entries with the balance after each, of rows in their order. What one event booked stands together there.

    An account's bookings never interleave, because each holds the account's lock.
    """
    balance = opening
    for _event, found in groupby(rows, key=lambda row: row.event):
        for kind, together in _by_kind(found).items():
            balance += sum(row.amount for row in together)
            yield Entry(kind, together, balance)


def _by_kind(event: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of one event by the kind that a reader sees. What was too much belongs to the money before it."""
    found: dict[str, list[Row]] = {}
    kind = ""
    for row in event:
        kind = kind if row.kind == OVERPAYMENT and kind else row.shown_kind
        found.setdefault(kind, []).append(row)
    return found
