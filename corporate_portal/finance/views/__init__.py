"""The pages of finance, all on one blueprint: who owes what, what came in and what the bank says, credits, refunds."""

from corporate_portal.finance.views import (
    bank,
    bank_entries,
    booking,
    crediting,
    reconciling,
    refunding,
    reviewing,
    vat_ids,
)
from corporate_portal.finance.views.blueprint import finance

__all__ = [
    "bank",
    "bank_entries",
    "booking",
    "crediting",
    "finance",
    "reconciling",
    "refunding",
    "reviewing",
    "vat_ids",
]
