"""What every page of both wings shares: who is signed in, what a view demands, forms and answers."""
