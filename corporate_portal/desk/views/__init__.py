"""The staff's pages, all on one blueprint: the work, writing quotes, and money."""

from corporate_portal.desk.views import money, quote, recording, requests, work, writing
from corporate_portal.desk.views.blueprint import desk

__all__ = ["desk", "money", "quote", "recording", "requests", "work", "writing"]
