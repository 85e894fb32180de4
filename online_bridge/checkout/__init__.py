"""The checkout: what is ordered, what it comes to, how it is paid, and what became of it."""
