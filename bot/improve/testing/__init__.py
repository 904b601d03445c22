"""Runs a repository's tests in the sandbox and reads what they showed: outcomes, coverage, and who covers what."""
