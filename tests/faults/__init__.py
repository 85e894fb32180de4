"""Faults: processes that die between two steps, and what is true afterwards."""
