"""Tests of the payment sandbox, through its public ways in: the official SDK and the hosted page."""
