"""Mutation testing: small wrong versions of the code, and which of them the tests let live."""
