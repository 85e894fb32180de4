"""Renewals of online subscriptions: the next period, its retries, its notices, and its end (domain.md 6)."""
