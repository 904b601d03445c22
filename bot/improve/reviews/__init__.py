"""Reviews of the engine's own pull requests, answered on the same pull request."""
