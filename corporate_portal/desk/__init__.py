"""The desk: where representatives make quotes and the vendor's staff see what became of them."""
