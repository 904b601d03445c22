"""Long-term memory: what members tell of themselves, kept with their consent, found again, exported and forgotten."""
