"""Invoices: what a contact sees of them, and the way to pay."""
