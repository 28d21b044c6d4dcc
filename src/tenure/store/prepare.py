"""Before anything is stored: whose database is this, and is it up to date? Makes it, or refuses it.

Alembic is slow to load and needed only where an older database is brought forward: whoever opens hands it in.
"""

from collections.abc import Callable

import sqlalchemy as sa

from tenure.core.refusals import Code, Refused
from tenure.store.schema import APPLICATION, APPLICATION_ID, HEAD, METADATA, REVISIONS, meta

Upgrade = Callable[[sa.Connection], None]
"""`migrate.upgrade`, or None: then an older database is refused with the command that brings it forward."""

_VERSION = sa.text("select version_num from alembic_version")
_VERSIONS = (
    "create table alembic_version (version_num varchar(32) not null, "
    "constraint alembic_version_pkc primary key (version_num))"
)
_LOCK = sa.text("select pg_advisory_xact_lock(:key)")


def prepare(
    connection: sa.Connection, upgrade: Upgrade | None = None, revisions: tuple[str, ...] = REVISIONS
) -> Refused | None:
    """Inside a transaction: None once the schema is present and current; reads one row when it is already.

    Refuses `already_exists` when the database holds something that is not Tenure's, or is of another Tenure.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": APPLICATION_ID})  # several servers may start at the same moment
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        _make(connection)
        return None
    if not _ours(connection, tables):
        return Refused(Code.ALREADY_EXISTS, "The database holds something that is not Tenure's; nothing was changed.")
    version = connection.scalar(_VERSION)
    if version == revisions[-1]:
        return None
    if version not in revisions:
        return Refused(Code.ALREADY_EXISTS, f"The database is of a newer Tenure (schema {version}, here {HEAD}).")
    if upgrade is None:
        return Refused(Code.ALREADY_EXISTS, f"The database is of an older Tenure (schema {version}); migrate it first.")
    upgrade(connection)
    return None


def _make(connection: sa.Connection) -> None:
    """What all migrations together would make (a test compares), without loading them."""
    METADATA.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(_VERSIONS)
    connection.execute(sa.text("insert into alembic_version values (:head)"), {"head": HEAD})
    connection.execute(meta.insert(), {"key": "application", "value": APPLICATION})
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma application_id={APPLICATION_ID}")


def _ours(connection: sa.Connection, tables: set[str]) -> bool:
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("pragma application_id").scalar_one()
        if found != APPLICATION_ID:
            return False
    named = sa.select(meta.c.value).where(meta.c.key == "application")
    return {meta.name, "alembic_version"} <= tables and connection.scalar(named) == APPLICATION
