"""How alembic runs our migrations: on the connection, and inside the transaction, that `migrate.upgrade_schema` was
given."""

from alembic import context

from tenure.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
