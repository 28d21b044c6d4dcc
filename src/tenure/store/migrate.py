"""Brings a database to the newest schema with the packaged migrations; loaded only when there is something to do."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def upgrade_schema(connection: sa.Connection) -> None:
    """Every migration that is missing, in the caller's transaction: all of them or none."""
    command.upgrade(_alembic_config(connection), "head")


def _alembic_config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
