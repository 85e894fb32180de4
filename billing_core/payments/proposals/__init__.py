"""Payments above an amount of the account: one contact proposes, a second one confirms and pays (ADR 45)."""
