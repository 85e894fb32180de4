"""`portal explain-change`: what a change of a subscription costs and why, for support. It needs no database."""
