"""The pages of finance, all on one blueprint: who owes what, what came in, and what goes back."""

from corporate_portal.finance.views import booking, refunding
from corporate_portal.finance.views.blueprint import finance

__all__ = ["booking", "finance", "refunding"]
