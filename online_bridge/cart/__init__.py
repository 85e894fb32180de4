"""The cart of a contact at an online account: what is wished, and what it would come to now."""
