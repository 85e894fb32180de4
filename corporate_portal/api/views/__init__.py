"""The operations of the interface, by what they are about; importing this room registers them all."""

from corporate_portal.api.views import accounts, document, invoices, orders, payments, quotes
from corporate_portal.api.views.blueprint import api

__all__ = ["accounts", "api", "document", "invoices", "orders", "payments", "quotes"]
