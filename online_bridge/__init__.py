"""The east wing: My Account, Admin Center, and the way from there to billing."""
