"""What we rely on in Stripe: the same calls against the sandbox always, and against Stripe's test mode with a key."""
