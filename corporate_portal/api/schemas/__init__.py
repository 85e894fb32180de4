"""What the interface takes and gives, as classes: they check requests, write answers and draw the document.

Amounts are integers of the currency's smallest unit; shares are basis points; days are calendar days; instants are UTC.
"""
