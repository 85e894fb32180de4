"""The demo's clock, which people can move on: what happens by itself can be seen without waiting."""
