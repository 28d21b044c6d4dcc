"""The migrations as Alembic reads them, and the one that is still missing: for those who change the schema."""

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tenure.store.migrate import FOLDER
from tenure.store.schema import METADATA


def packaged_revisions() -> tuple[str, ...]:
    """The packaged migrations, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config)
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def draft_migration(connection: sa.Connection) -> str:
    """The body of the migration that is still missing, as code to review; empty when the database is as declared."""
    context = MigrationContext.configure(connection, opts={"target_metadata": METADATA, "render_as_batch": True})
    steps = produce_migrations(context, METADATA).upgrade_ops
    if steps is None or steps.is_empty():
        return ""
    return render_python_code(steps, render_as_batch=True, migration_context=context)
