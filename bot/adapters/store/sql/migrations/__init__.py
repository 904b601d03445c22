"""Migrations of the database, run by alembic from inside the program."""
