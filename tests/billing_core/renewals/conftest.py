"""A shop on 1 June 2026, as for online orders."""

from tests.billing_core.orders.online.conftest import at, clocks, till

__all__ = ["at", "clocks", "till"]
