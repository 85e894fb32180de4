"""Support's room at the desk: the subscriptions of online accounts, and the downgrade that only support applies."""
