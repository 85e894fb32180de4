"""Finance: who owes what, what came in and where it goes. Only the vendor's finance staff come here."""
