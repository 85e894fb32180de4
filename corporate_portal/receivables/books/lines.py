"""The lines of the day-end report: which rows of the ledger each of them sums up.

Every row is on exactly one line of its side, whatever its kind; a kind that is new tomorrow stands under "other" until
it has a line of its own, so the report always adds up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from billing_core.ledger.closing import CREDIT, DISPUTE, RECEIVABLES, REFUND, Moved, Side
from billing_core.words import mark

MONEY = "money"
OTHER = "other"
WAYS = ("card", "bank_transfer", "direct_debit", "cheque")


@dataclass(frozen=True)
class Line:
    """A line of one side: what it is called, and the kinds of rows on it."""

    side: str
    name: str
    title: str
    kinds: frozenset[str]

    @property
    def key(self) -> str:
        """What it is called in an address."""
        return f"{self.side}-{self.name}".replace("_", "-")


def _line(side: str, name: str, title: str, *kinds: str) -> Line:
    return Line(side, name, title, frozenset(kinds))


LINES = (
    _line(RECEIVABLES, "invoices", mark("Invoices issued"), "invoice"),
    _line(RECEIVABLES, "imported", mark("Paid before this portal was used"), "imported"),
    _line(RECEIVABLES, "credit_notes", mark("Credit notes"), "credit_note"),
    _line(RECEIVABLES, "payments", mark("Payments"), "card", "incoming"),
    _line(RECEIVABLES, "credit_used", mark("Account credit used"), "credit"),
    _line(RECEIVABLES, "refunds", mark("Refunds"), "refund", "refund_failed"),
    _line(RECEIVABLES, "disputes", mark("Disputes"), "dispute", "dispute_won"),
    _line(RECEIVABLES, "returns", mark("Returned by the bank"), "returned"),
    _line(RECEIVABLES, OTHER, mark("Other entries")),
    _line(CREDIT, "overpaid", mark("Overpaid"), "overpayment"),
    _line(CREDIT, "credit_notes", mark("Credit notes"), "credit_note"),
    _line(CREDIT, "used", mark("Account credit used"), "used"),
    _line(CREDIT, "refunds", mark("Refunds"), "refund", "refund_failed"),
    _line(CREDIT, "disputes", mark("Disputes"), "dispute", "dispute_won"),
    _line(CREDIT, "returns", mark("Returned by the bank"), "returned"),
    _line(CREDIT, OTHER, mark("Other entries")),
)
"""The last line of a side takes every kind that no other line names."""

NO_MONEY = frozenset({"invoice", "imported", "credit_note", "credit", "used"})
"""Kinds that move nothing into or out of the house."""

MONEY_LINES = (
    _line(MONEY, "card", mark("Card")),
    _line(MONEY, "bank_transfer", mark("Bank transfer")),
    _line(MONEY, "direct_debit", mark("Direct debit")),
    _line(MONEY, "cheque", mark("Cheque")),
    _line(MONEY, "refunds", mark("Refunds")),
    _line(MONEY, "disputes", mark("Disputes")),
    _line(MONEY, "returns", mark("Returned by the bank")),
    _line(MONEY, OTHER, mark("Other entries")),
)
ALL = (*LINES, *MONEY_LINES)


def line_of(side: str, kind: str) -> Line:
    """Where a row of the side stands."""
    own = [line for line in LINES if line.side == side]
    return next((line for line in own if kind in line.kinds), own[-1])


def money_line_of(kind: str, way: str) -> Line | None:
    """Where the money of a row stands; none where the row moves no money."""
    if kind in NO_MONEY:
        return None
    named = {REFUND: "refunds", DISPUTE: "disputes"}
    name = "returns" if kind == "returned" else named.get(way, way if way in WAYS else OTHER)
    return next(line for line in MONEY_LINES if line.name == name)


@dataclass(frozen=True)
class Figure:
    """A line with its sum on the day."""

    line: Line
    amount: int


def figures(side: str, found: Side) -> list[Figure]:
    """The lines of a side, in their order. The other ones only where something stands there."""
    return _summed([line for line in LINES if line.side == side], found.moved, lambda one: line_of(side, one.kind))


def money_figures(receivables: Side, credit: Side) -> list[Figure]:
    """What came in by each way, and what left again (negative)."""
    # What reduces a receivable is money that came, and what raises account credit as well.
    turned = [Moved(one.kind, one.way, -one.amount) for one in receivables.moved]
    return _summed(MONEY_LINES, [*turned, *credit.moved], lambda one: money_line_of(one.kind, one.way))


def _summed(lines: Sequence[Line], moved: Sequence[Moved], of: Callable[[Moved], Line | None]) -> list[Figure]:
    sums = {line.key: 0 for line in lines}
    for one in moved:
        line = of(one)
        if line is not None:
            sums[line.key] += one.amount
    return [Figure(line, sums[line.key]) for line in lines if line.name != OTHER or sums[line.key]]
