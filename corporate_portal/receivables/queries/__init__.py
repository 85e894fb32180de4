"""What finance reads about receivables, a module for each subject. Every account exists for finance."""
