"""Cards that an account keeps for later payments. Their numbers never come here: the processor has them."""
