"""A priced order as values: what a page shows, what is put down, and from which the documents are made.

All three read the same lines, so that what was seen is what is charged. Amounts in smallest units.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from billing_core import words
from billing_core.catalogue.models import Product
from billing_core.ledger.calculation import LineDraft, TaxSum, Totals
from billing_core.subscriptions.proration import NEW_PERIOD, Charge, words_of

START, TRIAL, CHANGE, RENEW = "start", "trial", "change", "renew"


class Priced(Protocol):
    """An amount with its explanation, its service period and its tax: priced just now, or put down in an order."""

    @property
    def kind(self) -> str: ...
    @property
    def days(self) -> int: ...
    @property
    def of_days(self) -> int: ...
    @property
    def seats(self) -> int: ...
    @property
    def unit_price(self) -> int: ...
    @property
    def amount(self) -> int: ...
    @property
    def period_start(self) -> date: ...
    @property
    def period_end(self) -> date: ...
    @property
    def tax_category(self) -> str: ...
    @property
    def tax_rate(self) -> int: ...
    @property
    def exemption(self) -> str: ...
    @property
    def why(self) -> str: ...


@dataclass(frozen=True)
class PricedCharge:
    """One amount of a line; negative where it is credited. Its period is what the amount is for."""

    kind: str
    days: int
    of_days: int
    seats: int
    unit_price: int
    amount: int
    period_start: date
    period_end: date
    tax_category: str
    tax_rate: int
    exemption: str
    why: str


@dataclass(frozen=True)
class Before:
    """What a line changes, as it is now."""

    tier: str
    seats: int
    frequency: str
    unit_price: int
    period_start: date
    period_end: date
    planned_tier: str = ""
    """The lower tier that support has planned for the period's end."""


@dataclass(frozen=True)
class PricedLine:
    """What becomes of one product. `effect`: start, trial, change or renew; a start with `before` ends that trial."""

    effect: str
    product: Product
    subscription_id: int | None
    subscription: str | None
    """The public id of what is changed, or of the trial that ends."""
    based_on: str
    before: Before | None
    tier: str
    seats: int
    frequency: str
    unit_price: int
    restarts: bool
    period_start: date
    period_end: date
    anchor_day: int
    tax_category: str
    tax_rate: int
    charges: tuple[PricedCharge, ...]

    @property
    def net(self) -> int:
        """The sum of its charges, before tax."""
        return sum(charge.amount for charge in self.charges)

    @property
    def last_day(self) -> date:
        """The last day of its period, as readers write it."""
        return self.period_end - timedelta(days=1)

    @property
    def keeps_downgrade(self) -> bool:
        """The downgrade that was planned (`before.planned_tier`) outlives it: tier and frequency stay."""
        before = self.before
        return before is not None and (before.tier, before.frequency) == (self.tier, self.frequency)

    def explained(self, currency: str) -> list[tuple[PricedCharge, str]]:
        """Each charge with the sentence that explains it, in the reader's language."""
        return [(charge, explain(charge, currency, self.product.seat_kind)) for charge in self.charges]

    def explained_amounts(self, currency: str) -> list[tuple[int, str]]:
        """The amounts alone, each with its sentence."""
        return [(charge.amount, sentence) for charge, sentence in self.explained(currency)]


@dataclass(frozen=True)
class PricedOrder:
    """Everything about an order before it is placed, as of a day of the account's calendar."""

    account: str
    """The public id."""
    day: date
    currency: str
    locale: str
    """Of its documents."""
    lines: tuple[PricedLine, ...]
    totals: Totals
    credit: int
    """The account's credit that no other order holds."""

    @property
    def total(self) -> int:
        """Gross; below zero it is credited."""
        return self.totals.total

    @property
    def credit_used(self) -> int:
        """Account credit is used by itself (domain.md 5)."""
        return min(self.credit, max(self.total, 0))

    @property
    def due(self) -> int:
        """Gross less account credit, at least 0 (domain.md 6)."""
        return max(self.total, 0) - self.credit_used

    @property
    def credited(self) -> int:
        """What becomes account credit."""
        return max(-self.total, 0)

    @property
    def taxes(self) -> Sequence[TaxSum]:
        """By category and rate, the highest rate first."""
        return self.totals.taxes

    @property
    def is_free(self) -> bool:
        """Nothing is charged or credited: trials, and changes at an equal price."""
        return not any(line.charges for line in self.lines)


def explain(charge: Priced, currency: str, seat_kind: str) -> str:
    """The sentence that explains an amount, in the reader's language."""
    plain = Charge(charge.kind, charge.days, charge.of_days, charge.seats, charge.unit_price, charge.amount)
    return words_of(plain, currency, seat_kind=seat_kind)


def draft(charge: Priced, product: Product, tier: str, currency: str, sign: int = 1) -> LineDraft:
    """The line of a document in the reader's language; a credited amount has a negative quantity, never a price.

    `sign` -1 turns all amounts over, for a credit note.
    """
    whole = charge.kind == NEW_PERIOD
    quantity = charge.seats if whole else 1
    unit_price = charge.unit_price if whole else abs(charge.amount)
    return LineDraft(
        description=f"{product.name} {tier}".strip(),
        quantity=sign * (quantity if charge.amount >= 0 else -quantity),
        unit_price=unit_price,
        tax_category=charge.tax_category,
        tax_rate=charge.tax_rate,
        exemption=charge.exemption,
        why=charge.why,
        detail=explain(charge, currency, product.seat_kind)[:300],
        unit=product.seat_kind if whole and product.seat_kind != "none" else "",
        period_start=charge.period_start,
        period_end=charge.period_end,
    )


class Billed(Protocol):
    """What becomes of one product, priced just now or put down in an order."""

    @property
    def product(self) -> Product: ...
    @property
    def tier(self) -> str: ...
    @property
    def charges(self) -> Sequence[Priced]: ...


Line = TypeVar("Line", bound=Billed)


def positions(lines: Iterable[Line]) -> list[tuple[Line, Priced]]:
    """What a document lists, in its order: what is charged before what is credited."""
    return sorted(((line, charge) for line in lines for charge in line.charges), key=lambda one: one[1].amount < 0)


def drafts(lines: Iterable[Billed], currency: str, locale: str, sign: int = 1) -> list[LineDraft]:
    """The lines of the document that an order brings, in its language and in the order of `positions`."""
    with words.in_language(locale):
        return [draft(charge, line.product, line.tier, currency, sign) for line, charge in positions(lines)]


def digest(said: Any) -> str:
    """The name of plain values: equal ones have the same."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def facts(order: PricedOrder) -> list[Any]:
    """What of a priced order a person agrees to, as plain values for `digest`."""
    lines = [
        [
            line.effect, line.product.code, line.subscription, line.tier, line.seats, line.frequency, line.unit_price,
            line.period_start, line.period_end, [list(vars(charge).values()) for charge in line.charges],
            *([line.before.planned_tier] if line.before and line.before.planned_tier else []),
        ]
        for line in order.lines
    ]  # fmt: skip
    return [order.account, order.day, order.currency, lines, order.totals.net, order.totals.tax, order.credit_used]
