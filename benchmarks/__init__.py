"""Benchmarks: each prints its figure and what it is compared with, and writes both to docs/benchmarks.md."""
