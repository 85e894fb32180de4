"""A contact's pages: what waits, what was decided, and the way review > order details > confirm > receipt."""

from corporate_portal.quotes.views import deciding, reading, seconding, several, talking
from corporate_portal.quotes.views.blueprint import quotes

__all__ = ["deciding", "quotes", "reading", "seconding", "several", "talking"]
