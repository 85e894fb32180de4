"""The staff's pages, all on one blueprint: the work, and writing quotes."""

from corporate_portal.desk.views import recording, work, writing
from corporate_portal.desk.views.blueprint import desk

__all__ = ["desk", "recording", "work", "writing"]
