"""Runs the migrations on the connection it is handed: `catalog.library` owns the connection and its transaction."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=None)
context.run_migrations()
