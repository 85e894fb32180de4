"""The pages of finance, all on one blueprint: who owes what, and what came in."""

from corporate_portal.finance.views import booking
from corporate_portal.finance.views.blueprint import finance

__all__ = ["booking", "finance"]
