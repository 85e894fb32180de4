"""The interface to CRM and ERP: the same verbs as the pages, under /api/v1."""
