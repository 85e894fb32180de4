"""What a quote says: its content as wished for, priced, worded, hashed, and what it means for order and invoice."""
