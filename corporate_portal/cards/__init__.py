"""The cards that an account keeps: list, add, make the default, remove."""
