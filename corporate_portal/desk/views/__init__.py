"""The staff's pages, all on one blueprint: the work, and writing quotes."""

from corporate_portal.desk.views import contact_changes, looking, quote, recording, requests, second_rule, work, writing
from corporate_portal.desk.views.blueprint import desk

__all__ = ["contact_changes", "desk", "looking", "quote", "recording", "requests", "second_rule", "work", "writing"]
