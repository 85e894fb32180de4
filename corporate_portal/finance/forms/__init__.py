"""The forms of finance, a module for each subject."""
