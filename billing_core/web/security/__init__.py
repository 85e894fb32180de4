"""The pages "Security" of each realm: own sessions, second factors, and the second step of a sign-in (ADR 39, 43)."""
