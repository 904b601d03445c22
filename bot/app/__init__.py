"""Wiring: the only floor that names concrete adapters; one builder per process, one module per command."""
