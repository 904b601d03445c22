"""Traces of messages and of changes, and their way to an OpenTelemetry collector."""
