"""Mail: an outbox row in the business transaction, sent by the worker at least once under a stable Message-ID."""
