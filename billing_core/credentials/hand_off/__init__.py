"""Hand-off: whom an outside My Account has signed in comes to ours with a signed token instead of a password."""
