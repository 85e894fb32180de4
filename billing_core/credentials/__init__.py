"""Passwords, password links, sessions and throttles: what a person proves identity with."""
