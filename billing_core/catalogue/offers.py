"""What a customer can buy or try online on a day and in a currency: values that pages, cart and checkout share.

Amounts are for one seat and one period, without tax, in the currency's smallest unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing_core import words
from billing_core.errors import Refusal

MONTHS_OF_A_YEAR = 12


class NotOffered(Refusal):
    """The tier is not sold online at this frequency, on the day and in the currency of the offer."""

    message = "This plan cannot be bought online at the moment. Choose another plan or another billing period."


@dataclass(frozen=True)
class Phrase:
    """A text of the catalogue in both languages; as a string it is the reader's, or English where there is no other."""

    en: str
    de: str

    def __str__(self) -> str:
        return (self.de if words.locale() == "de" else self.en) or self.en

    def __bool__(self) -> bool:
        return bool(self.en or self.de)


@dataclass(frozen=True)
class Trial:
    """The terms of a free trial: its days, and the most seats it may have."""

    days: int
    most_seats: int


@dataclass(frozen=True)
class OfferedTier:
    """A tier that is sold online. The only one of a product without tiers has no name and the rank 0."""

    name: str
    rank: int
    description: Phrase
    can_be_tried: bool
    monthly: int | None
    yearly: int | None
    """None: not sold at that frequency."""

    def price(self, frequency: str) -> int | None:
        """The price of a seat at "monthly" or "yearly"; None where it is not sold so."""
        return {"monthly": self.monthly, "yearly": self.yearly}[frequency]

    @property
    def frequencies(self) -> tuple[str, ...]:
        """What it can be billed at."""
        return tuple(frequency for frequency in ("monthly", "yearly") if self.price(frequency) is not None)

    @property
    def saving(self) -> int:
        """What a seat costs less in a year that is billed at once; 0 where it costs no less or cannot be compared."""
        if self.monthly is None or self.yearly is None:
            return 0
        return max(0, MONTHS_OF_A_YEAR * self.monthly - self.yearly)


@dataclass(frozen=True)
class Offer:
    """A product that is sold online, with at least one tier that has a price."""

    product_id: int
    code: str
    name: str
    description: Phrase
    seat_kind: str
    tax_category: str
    day: date
    currency: str
    least_seats: int
    most_seats: int
    tiers: tuple[OfferedTier, ...]
    """What is sold, the lowest rank first."""
    ladder: tuple[str, ...]
    """The names of all tiers, the lowest first, also of those that are no longer sold; empty without tiers."""
    trial: Trial | None
    """None where nothing can be tried."""

    @property
    def has_tiers(self) -> bool:
        """Whether a buyer chooses a tier."""
        return bool(self.ladder)

    @property
    def tiers_to_try(self) -> tuple[OfferedTier, ...]:
        """The tiers that a trial may have."""
        return tuple(tier for tier in self.tiers if tier.can_be_tried) if self.trial else ()

    def tier(self, name: str) -> OfferedTier | None:
        """The offered tier of that name."""
        return next((tier for tier in self.tiers if tier.name == name), None)

    def price(self, tier: str, frequency: str) -> int:
        """The price of one seat for one period. Raises NotOffered."""
        found = self.tier(tier)
        amount = found.price(frequency) if found else None
        if amount is None:
            raise NotOffered
        return amount

    def least(self, frequency: str) -> int | None:
        """The lowest price of any tier at the frequency; None where there is none."""
        prices = [price for tier in self.tiers if (price := tier.price(frequency)) is not None]
        return min(prices, default=None)

    def is_downgrade(self, present: str, wanted: str) -> bool:
        """Whether to go from one tier to the other is a downgrade, which support applies, whatever the price.

        A change from or to a tier that the catalogue does not rank counts as one: nobody can tell online.
        """
        if present == wanted:
            return False
        if present not in self.ladder or wanted not in self.ladder:
            return True
        return self.ladder.index(wanted) < self.ladder.index(present)


@dataclass(frozen=True)
class Provision:
    """What a tier has of a feature: nothing, simply yes, or a value."""

    is_included: bool
    value: Phrase


NOT_INCLUDED = Provision(False, Phrase("", ""))


@dataclass(frozen=True)
class FeatureRow:
    """A row of the comparison of tiers, exact: every tier has it, has it not, or has a value of it."""

    name: Phrase
    by_tier: Mapping[str, Provision]

    def of(self, tier: str) -> Provision:
        """What the tier has of it."""
        return self.by_tier.get(tier, NOT_INCLUDED)
