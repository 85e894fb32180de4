"""Online orders: what the contact of an online account buys, tries or changes, from the price to its fulfilment."""
