"""What an order has to know of the catalogue beyond prices: which tier is the higher one, how long a trial lasts."""

TIERS = ("Starter", "Pro", "Plus")
TRIAL_DAYS = 14
MOST_SEATS = 9_999
"""In one subscription that is bought online."""


def rank(tier: str) -> int:
    """The place of a tier among those of its product, the lowest first; 0 where the product has none."""
    return TIERS.index(tier) + 1 if tier in TIERS else 0


def trial_days(_product: str) -> int:
    """How long the trial of a product, by its code, lasts."""
    return TRIAL_DAYS
