"""The pages of receivables, all on one blueprint: open items, reminders, the day-end report and the export."""

from corporate_portal.receivables.views import ageing, books, reminders
from corporate_portal.receivables.views.blueprint import receivables

__all__ = ["ageing", "books", "receivables", "reminders"]
