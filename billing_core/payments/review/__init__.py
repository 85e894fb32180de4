"""Payments that were set aside: what the processor has, what finance can decide, and what the decision does."""
