"""The page on which a contact pays a renewal that the worker could not charge."""
