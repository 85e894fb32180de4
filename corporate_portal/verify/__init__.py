"""Is this document from us, and is it unaltered? A public page that discloses nothing else."""
