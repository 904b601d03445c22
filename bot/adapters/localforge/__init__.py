"""The embedded forge: pull requests, reviews and statuses over a bare repository and a small database."""
