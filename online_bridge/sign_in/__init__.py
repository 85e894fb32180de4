"""The embedded My Account and Admin Center: the two small pages from which people go to billing."""
