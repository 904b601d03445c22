"""Migrations of the audit log's tables: a history of their own, so that versions without them use the same database."""
