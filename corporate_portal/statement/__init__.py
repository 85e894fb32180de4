"""The statement of account: what is open and when it is due, every entry of a period, payments and their receipts."""
