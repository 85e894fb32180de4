"""Routing: who goes where from My Account and from the Admin Center."""
