"""The sums of a document: pure integer arithmetic, the same for a quote, an invoice and every page that shows them.

Tax is taken per category and rate on the net sum, not per line (EN 16931, BR-CO-17; domain.md 5), and rounded half up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from billing_core import money
from billing_core.errors import Invalid
from billing_core.words import mark


class Taxable(Protocol):
    """Anything with a net amount that bears tax: a draft's line, an invoice's, a quote's."""

    @property
    def net(self) -> int: ...
    @property
    def tax_category(self) -> str: ...
    @property
    def tax_rate(self) -> int: ...
    @property
    def exemption(self) -> str: ...
    @property
    def why(self) -> str: ...


@dataclass(frozen=True)
class LineDraft:
    """One position before issue. Amounts are in smallest units, `tax_rate` in basis points.

    `discount` is positive and taken off the line. period_end is exclusive. `unit` is a seat kind or empty. `why` is the
    msgid of the reason for its tax (sellers/tax.py), empty in the plain case.
    """

    description: str
    quantity: int
    unit_price: int
    tax_category: str
    tax_rate: int
    exemption: str = ""
    why: str = ""
    detail: str = ""
    unit: str = ""
    discount: int = 0
    period_start: date | None = None
    period_end: date | None = None
    credits_line_id: int | None = None
    """The line of an earlier invoice of which this credits a part that is no longer used (domain.md 6)."""

    @property
    def net(self) -> int:
        """What the line costs before tax."""
        return line_net(self.quantity, self.unit_price, self.discount)


@dataclass(frozen=True)
class TaxSum:
    """The tax of one category and rate on the net sum of its lines."""

    category: str
    rate: int
    net: int
    tax: int
    exemption: str
    why: str = ""
    """The msgid of the reason, for the reader; empty in the plain case."""


@dataclass(frozen=True)
class Totals:
    """total = net + tax, and both are the sums of `taxes`."""

    net: int
    tax: int
    taxes: Sequence[TaxSum]

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.net + self.tax


class AmountTooLarge(Invalid):
    """The sums would leave the range in which money is exact everywhere."""

    message = mark("The amounts of this document are too large.")


def line_net(quantity: int, unit_price: int, discount: int) -> int:
    """The net amount of a line. Raises AmountTooLarge."""
    net = quantity * unit_price - discount
    if abs(net) > money.LARGEST:
        raise AmountTooLarge
    return net


def add_taxes(lines: Iterable[Taxable]) -> list[TaxSum]:
    """The tax sums, the highest rate first. Lines of one category and rate share the first one's wording and reason."""
    nets: dict[tuple[str, int], int] = {}
    wording: dict[tuple[str, int], tuple[str, str]] = {}
    for line in lines:
        key = (line.tax_category, line.tax_rate)
        nets[key] = nets.get(key, 0) + line.net
        wording.setdefault(key, (line.exemption, line.why))
    ordered = sorted(nets, key=lambda key: (-key[1], key[0]))
    return [TaxSum(c, r, nets[c, r], money.percent(nets[c, r], r), *wording[c, r]) for c, r in ordered]


def sum_up(lines: Iterable[Taxable]) -> Totals:
    """The totals of a document. Raises AmountTooLarge."""
    taxes = add_taxes(lines)
    totals = Totals(sum(t.net for t in taxes), sum(t.tax for t in taxes), taxes)
    if any(abs(amount) > money.LARGEST for amount in (totals.net, totals.tax, totals.total)):
        raise AmountTooLarge
    return totals
