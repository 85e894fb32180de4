"""The roof: puts the two wings and the foundation together into one program."""
