"""What alembic runs: the migrations, on the connection and in the transaction that the caller holds open."""

from alembic import context

from bot.adapters.store.sql.audit_tables import METADATA, VERSION

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, version_table=VERSION)
with context.begin_transaction():
    context.run_migrations()
