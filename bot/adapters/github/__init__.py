"""GitHub: the forge behind the same door as the embedded one, its webhooks, and the settings of a repository."""
