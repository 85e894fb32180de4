"""The history of an online account: invoices, credit notes and orders."""
