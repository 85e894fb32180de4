"""The catalogue: products, their tiers and their dated prices."""
