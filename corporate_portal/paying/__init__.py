"""Paying several invoices of an account with one card payment: choose, divide, confirm."""
