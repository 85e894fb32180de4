"""Which amounts a card can be charged with: configuration as data, and the rule that no unpayable rest is left.

Sources: https://docs.stripe.com/currencies (minimums, units, at most eight digits); domain.md 5 for the rest. The
minimums depend on the currency in which the processor pays out: an operator to whom others apply changes MINIMUM.
"""

from dataclasses import dataclass

from billing_core import money
from billing_core.permissions import Viewer, demand_proof

MINIMUM = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
"""The least that can be charged, in smallest units of the currency."""
MINIMUM_ELSEWHERE = {0: 50, 2: 50, 3: 500}
"""For currencies that the table does not name, by their decimal places."""

REFUNDED_ALONE = {"CHF": 50_000, "EUR": 50_000, "GBP": 50_000, "JPY": 80_000, "USD": 50_000}
"""Up to here, in smallest units, one person of finance sends money of a payment back, at once or in parts; above it,
and in other currencies, a second approves."""

MOST_DIGITS = 99_999_999
"""The largest amount, in the processor's own unit."""

_WITHOUT_DECIMALS = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
_WITH_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})

BRANDS = ("visa", "mastercard", "amex")
"""The card brands that are accepted in every currency."""
MORE_BRANDS = {"USD": ("discover",)}
"""Brands that are accepted in one currency only."""


_proven_above = 5000


def prove_above(whole: int) -> None:
    """Say once, at start, above how many whole units of a currency with cents a payment takes a fresh proof."""
    global _proven_above
    _proven_above = whole


def demand_proof_of_payer(viewer: Viewer, amount: int) -> None:
    """Raise ProofNeeded for an amount above the limit, without a fresh proof of who pays.

    The limit is the same figure for all currencies, counted in hundreds of their smallest units.
    """
    if amount > _proven_above * 100:
        demand_proof(viewer)


def brands(currency: str) -> tuple[str, ...]:
    """The accepted card brands."""
    return BRANDS + MORE_BRANDS.get(currency, ())


def minimum(currency: str) -> int:
    """The least that a card can be charged with, in smallest units."""
    return MINIMUM.get(currency, MINIMUM_ELSEWHERE[money.digits(currency)])


def needs_approval(refund: int, currency: str) -> bool:
    """Whether a second person of finance has to approve a refund of so many smallest units."""
    return refund > REFUNDED_ALONE.get(currency, 0)


def processor_digits(currency: str) -> int:
    """Decimal places of the processor's unit. Not always ours: it counts ISK in hundredths, which no longer exist."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE_DECIMALS else 2


def step(currency: str) -> int:
    """Amounts are multiples of this: the last digit of a currency with three decimal places must be 0."""
    return 10 if currency in _WITH_THREE_DECIMALS else 1


def least_total(currency: str) -> int:
    """The smallest amount that a card can be charged with, in smallest units and in whole steps."""
    floor = minimum(currency)
    return floor + -floor % step(currency)


def most_total(currency: str) -> int:
    """The largest amount that a card can be charged with, in smallest units and in whole steps."""
    ceiling = _ceiling(currency)
    return ceiling - ceiling % step(currency)


@dataclass(frozen=True)
class CardAmounts:
    """The amounts that a card can pay of `payable`: all of it where `full`, and from `least` to `most` in `step`s.

    least and most are 0 where no part can be paid. All in smallest units.
    """

    payable: int
    full: bool
    least: int
    most: int
    step: int

    @property
    def is_none(self) -> bool:
        """Nothing of it can be paid by card."""
        return not self.full and not self.most

    def allow(self, amount: int) -> bool:
        """Whether a card can pay the amount and leave nothing that it could not pay later."""
        if amount == self.payable:
            return self.full
        return bool(self.most) and self.least <= amount <= self.most and amount % self.step == 0


def card_amounts(payable: int, currency: str) -> CardAmounts:
    """The amounts allowed now: none below the minimum, and no rest above zero that is below it."""
    unit, floor, least = step(currency), minimum(currency), least_total(currency)
    ceiling = _ceiling(currency)
    full = floor <= payable <= ceiling and payable % unit == 0
    most = min(payable - floor, ceiling)
    most -= most % unit
    if most < least:
        least = most = 0
    return CardAmounts(payable, full, least, most, unit)


def share_amounts(payable: int, currency: str) -> CardAmounts:
    """What one invoice may get of a payment for several: all that is payable, however little, or a part of it.

    Only the whole payment has to reach the minimum; but a rest must be zero or payable by itself later. Where the
    processor takes whole steps only, a part keeps the last digit of an invoice that is in whole steps.
    """
    unit = step(currency)
    if payable % unit:
        unit = 1
    most = payable - minimum(currency)
    most -= most % unit
    least, most = (unit, most) if most >= unit else (0, 0)
    return CardAmounts(payable, True, least, most, unit)


def _ceiling(currency: str) -> int:
    """The largest amount in our unit: the processor's is at least as fine as ours."""
    return money.from_places(MOST_DIGITS, processor_digits(currency), currency)
