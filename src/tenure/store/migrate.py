"""Brings a database to the newest schema with the packaged migrations; loaded only when there is something to do."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tenure.store.schema import METADATA

FOLDER = Path(__file__).parent / "migrations"


def upgrade_schema(connection: sa.Connection) -> None:
    """Every migration that is missing, in the caller's transaction: all of them or none."""
    command.upgrade(_alembic_config(connection), "head")


def packaged_revisions() -> tuple[str, ...]:
    """The packaged migrations, oldest first."""
    scripts = ScriptDirectory.from_config(_alembic_config(None))
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def draft_migration(connection: sa.Connection) -> str:
    """The body of the migration that is still missing, as code to review; empty when the database is as declared."""
    context = MigrationContext.configure(connection, opts={"target_metadata": METADATA, "render_as_batch": True})
    steps = produce_migrations(context, METADATA).upgrade_ops
    if steps is None or steps.is_empty():
        return ""
    return render_python_code(steps, render_as_batch=True, migration_context=context)


def _alembic_config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
