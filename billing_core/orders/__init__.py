"""Orders: what was bought, and its fulfilment into subscriptions."""
