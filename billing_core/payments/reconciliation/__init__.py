"""The processor and the ledger compared in both directions: what each has that the other has not, or has otherwise."""
