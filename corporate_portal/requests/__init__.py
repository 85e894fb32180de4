"""Requests: what a billing contact asks the representative for, and the draft quote that is made of it."""
