"""VAT IDs of accounts: their form, what the EU's register says about them, and how long that counts (domain.md 5)."""
