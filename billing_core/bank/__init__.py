"""What the bank says came in and went out: imported statements, and which entry is which customer's money."""
