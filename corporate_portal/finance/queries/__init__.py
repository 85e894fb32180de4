"""What finance reads, a module for each subject. Every account exists for finance, and for nobody else here."""
