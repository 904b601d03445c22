"""What alembic runs: the migrations, on the connection and in the transaction that the caller holds open."""

from alembic import context

from bot.adapters.store.sql.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
