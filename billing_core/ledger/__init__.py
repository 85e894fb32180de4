"""The ledger of both wings: issued invoices, and the allocations that are the only way a balance changes."""
