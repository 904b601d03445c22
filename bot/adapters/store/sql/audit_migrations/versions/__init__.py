"""One module a revision, each named after its number."""
