"""What an order asks the catalogue beyond prices: the order of tiers, how many seats, and the terms of a trial."""

from billing_core.catalogue.models import Product

TIERS = ("Starter", "Pro", "Plus")
TRIAL_DAYS = 14
SEATS = (1, 9_999)
"""From and to, in one subscription that is bought online."""


def rank(_product: Product, tier: str) -> int:
    """The place of a tier among those of its product, the lowest first; 0 where the product has none."""
    return TIERS.index(tier) + 1 if tier in TIERS else 0


def seats_of(_product: Product) -> tuple[int, int]:
    """The fewest and the most seats of a paid subscription."""
    return SEATS


def trial_days(_product: Product) -> int:
    """How long a trial lasts; 0 where there is none."""
    return TRIAL_DAYS


def trial_seats(_product: Product) -> tuple[int, int]:
    """The fewest and the most seats of a trial."""
    return SEATS
