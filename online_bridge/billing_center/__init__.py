"""The Billing Center of online accounts: their subscriptions."""
