"""Subscriptions: what an account has the use of, for how many seats and until when."""
