"""What a change or an order comes to: tax, account credit used, and what is due today. Pure integer arithmetic."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing_core import money
from billing_core.ledger.calculation import AmountTooLarge, Taxable, sum_up


@dataclass(frozen=True)
class TaxedNet:
    """A net amount in smallest units, with what it is taxed at: what is credited at what it was invoiced with."""

    net: int
    tax_rate: int
    tax_category: str = "S"
    exemption: str = ""
    why: str = ""


@dataclass(frozen=True)
class Due:
    """net + tax is the gross sum: credit_used + due_today where it is above zero.

    Where it is below, it is a credit note, all of which becomes account credit and no refund (domain.md 6).
    """

    net: int
    tax: int
    credit_used: int
    due_today: int
    credit_left: int


def due(lines: Iterable[Taxable], credit: int) -> Due:
    """The sums of the lines against an account credit of at least 0. Raises AmountTooLarge.

    Tax is that of the ledger's documents: per category and rate on the net sum, so that a preview is the invoice.
    """
    totals = sum_up(lines)
    credit_used = min(credit, max(totals.total, 0))
    credit_left = credit - min(credit, totals.total)
    if credit_left > money.LARGEST:
        raise AmountTooLarge
    return Due(totals.net, totals.tax, credit_used, max(totals.total, 0) - credit_used, credit_left)
