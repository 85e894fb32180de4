"""The audit trail as people read it: the vendor searches all of it, a contact reads the history of own documents."""
