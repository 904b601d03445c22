"""The main job on embedded defaults, played on a clone of this repository with real processes, and shown."""
