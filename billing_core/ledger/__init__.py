"""The ledger of both wings: invoices and credit notes, and the allocations by which alone a balance changes."""
