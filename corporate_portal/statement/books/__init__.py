"""The account's books as a reader knows them: entries, their sums, and what a payment paid. No viewer is asked here."""
