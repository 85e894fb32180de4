"""Quotes: from the representative's draft to the contact's decision."""
