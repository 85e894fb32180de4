"""Pages on the way of a payment for several invoices, and of one that takes two contacts."""
