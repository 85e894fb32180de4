"""Who is a billing contact changes by a request that the vendor verifies (domain.md 5; ADR 45)."""
