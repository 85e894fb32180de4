"""The VAT number of an online account, which its billing contacts change themselves."""
