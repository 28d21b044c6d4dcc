"""Before anything is stored: whose database is this, and is it up to date? Makes it, or refuses it.

Alembic is slow to load and needed only where an older database is brought forward: the caller that opens it hands
Alembic in.
"""

from collections.abc import Callable

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.schema import APPLICATION, APPLICATION_ID, HEAD, METADATA, REVISIONS, meta
from tenure.store.schema.columns import COLLATION

Upgrade = Callable[[sa.Connection], Refused | None]
"""`migrate.upgrade_schema`, or None: then an older database is refused with the command that brings it forward."""

_VERSION = sa.text("select version_num from alembic_version")
_VERSIONS = (
    "create table alembic_version (version_num varchar(32) not null, "
    "constraint alembic_version_pkc primary key (version_num))"
)
_LOCK = sa.text("select pg_advisory_xact_lock(:key)")
_COLLATED_OTHERWISE = sa.text(
    "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid"
    " join pg_collation o on o.oid = a.attcollation"
    " where c.relnamespace = current_schema()::regnamespace and c.relname = any(:tables) and a.attnum > 0"
    " and not a.attisdropped and a.atttypid = 'text'::regtype and o.collname <> :collation order by 1, 2"
)


def prepare_database(
    connection: sa.Connection,
    upgrade: Upgrade | None = None,
    revisions: tuple[str, ...] = REVISIONS,
    *,
    make: bool = True,
) -> Refused | None:
    """Inside a transaction: None once the schema is present and current; reads one row when it is already.

    Without `make` an empty database is refused as `not_found`: a server that has a history does not begin another.
    Refuses `already_exists` when the database holds something that is not Tenure's, is of another Tenure, or (on
    PostgreSQL) has a text column that is sorted by a language instead of byte by byte.
    """
    if connection.dialect.name != "postgresql":
        return _bring_up_to_date(connection, upgrade, revisions, make=make)
    connection.execute(_LOCK, {"key": APPLICATION_ID})  # several servers may start at the same moment
    return _bring_up_to_date(connection, upgrade, revisions, make=make) or _sorted_by_language(connection)


def _bring_up_to_date(
    connection: sa.Connection, upgrade: Upgrade | None, revisions: tuple[str, ...], *, make: bool
) -> Refused | None:
    tables = set(sa.inspect(connection).get_table_names())
    if not tables and not make:
        told = "It is empty: `tenure server init` makes a server in it, `tenure database move` moves one there."
        return Refused(RefusalCode.NOT_FOUND, told)
    if not tables:
        _make_schema(connection)
        return None
    if not _is_our_database(connection, tables):
        return Refused(
            RefusalCode.ALREADY_EXISTS, "The database holds something that is not Tenure's; nothing was changed."
        )
    version = schema_version(connection)
    if version == revisions[-1]:
        return None
    if version not in revisions:
        return Refused(
            RefusalCode.ALREADY_EXISTS, f"The database is of a newer Tenure (schema {version}, here {HEAD})."
        )
    if upgrade is None:
        return Refused(
            RefusalCode.ALREADY_EXISTS,
            f"The database is of an older Tenure (schema {version}): `tenure database upgrade` upgrades it.",
        )
    return upgrade(connection)


def schema_version(connection: sa.Connection) -> str:
    """The newest step that the database has taken."""
    return str(connection.scalar(_VERSION))


def _make_schema(connection: sa.Connection) -> None:
    """What all migrations together would make (a test compares), without loading them."""
    METADATA.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(_VERSIONS)
    connection.execute(sa.text("insert into alembic_version values (:head)"), {"head": HEAD})
    connection.execute(meta.insert(), {"key": "application", "value": APPLICATION})
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma application_id={APPLICATION_ID}")


def _sorted_by_language(connection: sa.Connection) -> Refused | None:
    """Refuses a column that compares text by a language: ids would come in an order that searches do not expect."""
    parameters = {"tables": list(METADATA.tables), "collation": COLLATION}
    found = connection.execute(_COLLATED_OTHERWISE, parameters).all()
    if not found:
        return None
    table, column = found[0]
    more = f" ({len(found) - 1} more do)" if len(found) > 1 else ""
    return Refused(
        RefusalCode.ALREADY_EXISTS,
        f"The column {column} of table {table} sorts text by a language{more}, so searches by id would miss rows. "
        f"The database administrator runs: alter table {table} alter column {column} type text "
        f'collate "{COLLATION}"; the same for each such column. Then start the server again.',
    )


def _is_our_database(connection: sa.Connection, tables: set[str]) -> bool:
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("pragma application_id").scalar_one()
        if found != APPLICATION_ID:
            return False
    named = sa.select(meta.c.value).where(meta.c.key == "application")
    return {meta.name, "alembic_version"} <= tables and connection.scalar(named) == APPLICATION
