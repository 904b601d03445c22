"""Start-up hooks for booted processes, found by the interpreter through PYTHONPATH."""
