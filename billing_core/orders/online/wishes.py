"""What a person wants, as a form or a cart says it: nothing of it is believed until it is priced."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Buy:
    """A new paid subscription of a product, by its code; a trial of it that runs ends with it (Subscribe Now)."""

    product: str
    tier: str
    seats: int
    frequency: str


@dataclass(frozen=True)
class Try:
    """A trial: free, once for a product and account, and never charged by itself."""

    product: str
    tier: str
    seats: int


@dataclass(frozen=True)
class Change:
    """What a running subscription, by its public id, is to be."""

    subscription: str
    tier: str
    seats: int
    frequency: str


Wish = Buy | Try | Change
