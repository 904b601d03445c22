"""References that are generated from the code, so that they cannot drift: commands, settings, metrics, events."""
