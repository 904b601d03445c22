"""Languages and moods of texts, by libraries that are loaded when they are first needed."""
