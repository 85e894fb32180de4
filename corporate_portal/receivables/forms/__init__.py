"""The forms of receivables, a module for each subject."""
