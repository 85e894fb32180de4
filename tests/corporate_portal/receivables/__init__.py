"""Receivables at finance's desk."""
