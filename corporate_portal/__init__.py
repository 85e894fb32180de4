"""The west wing: the portal of corporate accounts and the vendor's desk."""
