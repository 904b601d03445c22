"""The outside, one package per door; adapters do not know each other."""
