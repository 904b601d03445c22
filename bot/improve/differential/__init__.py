"""Runs the functions a change touches on the same inputs at base and at head, in the sandbox, and compares."""
