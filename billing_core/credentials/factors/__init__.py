"""The second factor of a sign-in: an authenticator app, and recovery codes for the day when it is lost (ADR 39)."""
