"""Card payments: the row before the processor call, one idempotent settle for all who bring the news."""
