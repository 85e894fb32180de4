"""The pages of finance, all on one blueprint: who owes what, what came in, and what is credited."""

from corporate_portal.finance.views import booking, crediting
from corporate_portal.finance.views.blueprint import finance

__all__ = ["booking", "crediting", "finance"]
