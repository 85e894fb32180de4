"""The contact's own page: who I am, what I may do in each account, and the billing details of the account."""
