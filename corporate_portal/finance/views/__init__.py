"""The pages of finance, all on one blueprint: who owes what, what came in, what is credited, and what goes back."""

from corporate_portal.finance.views import booking, crediting, reconciling, refunding, reviewing
from corporate_portal.finance.views.blueprint import finance

__all__ = ["booking", "crediting", "finance", "reconciling", "refunding", "reviewing"]
