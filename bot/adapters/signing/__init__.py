"""Signatures of records, by keys that people make with the tools they have."""
