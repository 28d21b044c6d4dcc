"""A state copied row by row from one database into another: in batches that a kill between them does no harm to.

How far a copy has come is seen from what is there: rows go in the order of their keys, which both databases sort byte
by byte. Until it is finished the target says so (`meta`), and no server opens it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import integrity
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import METADATA, meta

MARK: Final = "copy_of"
"""The key in `meta` under which an unfinished copy names its source, by `state_digest`."""
BATCH: Final = 1_000
TABLES: Final = tuple(table for table in METADATA.sorted_tables if table is not meta)
"""In an order in which no row comes before one that it refers to."""

_MARKED = sa.select(meta.c.value).where(meta.c.key == MARK)
_SET = upsert(meta, "key")
_UNMARK = meta.delete().where(meta.c.key == MARK)
_FACTS_OF_DATABASE = sa.select(meta).where(meta.c.key.not_in(["application", MARK]))


def state_digest(conn: Connection) -> str:
    """Every row of every table as one digest, the same on both databases: what a copy must come to.

    Rows that change without a trace in a chain, such as a site's last contact, count as much as the others.
    """
    digest = hashlib.sha256()
    for table in TABLES:
        key: Sequence[Any] | None = None
        digest.update(table.name.encode())
        while rows := rows_after(conn, table, key):
            digest.update(msgspec.msgpack.encode([list(row.values()) for row in rows]))
            key = key_of(table, rows[-1])
    return digest.hexdigest()


def count_rows(conn: Connection) -> dict[str, int]:
    """How many rows there are to copy, by table."""
    return {table.name: conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in TABLES}


def begin_copy(conn: Connection, digest: str) -> Refused | None:
    """Mark an empty target as the unfinished copy of that source; refuses one that is anything else."""
    marked = conn.scalar(_MARKED)
    if marked == digest:
        return None
    if marked is not None:
        told = (
            "It holds an unfinished copy of another state, or of this one before the file was changed: name an empty "
            "schema, or empty it (drop schema … cascade)."
        )
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    if any(count_rows(conn).values()):
        told = "It holds a state already: name an empty schema. Nothing was changed in it."
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    conn.execute(_SET[conn.dialect.name], {"key": MARK, "value": digest})
    return None


def is_copy_unfinished(conn: Connection) -> bool:
    """Whether the database is the target of a copy that was not finished."""
    return conn.scalar(_MARKED) is not None


def last_key(conn: Connection, table: sa.Table[Any]) -> Sequence[Any] | None:
    """The key of the last row of `table`; None while it is empty."""
    keys = list(table.primary_key.columns)
    row = conn.execute(sa.select(*keys).order_by(*(key.desc() for key in keys)).limit(1)).one_or_none()
    return None if row is None else tuple(row)


def key_of(table: sa.Table[Any], row: Mapping[str, Any]) -> Sequence[Any]:
    """The key of a row."""
    return [row[column.name] for column in table.primary_key.columns]


def rows_after(conn: Connection, table: sa.Table[Any], key: Sequence[Any] | None) -> list[dict[str, Any]]:
    """The next rows of `table`, at most `BATCH`."""
    keys = list(table.primary_key.columns)
    asked = sa.select(table).order_by(*keys).limit(BATCH)
    if key is not None:
        values = [sa.literal(value, column.type) for value, column in zip(key, keys, strict=True)]
        asked = asked.where(sa.tuple_(*keys) > sa.tuple_(*values))
    return [dict(row._mapping) for row in conn.execute(asked)]


def write_rows(conn: Connection, table: sa.Table[Any], rows: list[dict[str, Any]]) -> None:
    """Insert them as they are."""
    conn.execute(table.insert(), rows)


def read_database_facts(conn: Connection) -> list[dict[str, Any]]:
    """What is remembered of the database itself, such as its epoch."""
    return [dict(row._mapping) for row in conn.execute(_FACTS_OF_DATABASE)]


def finish_copy(conn: Connection, digest: str, database_facts: list[dict[str, Any]]) -> Refused | None:
    """The copy may be opened from now on; refuses, and leaves it unfinished, what is not its source."""
    if state_digest(conn) != digest:
        told = "Rows of the copy are not those of the file: empty the schema (drop schema … cascade) and begin again."
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    found = next(integrity.verify_histories(conn), None)
    if found is not None:
        told = f"The copy is not sound: {found.chain} link {found.seq} {found.fault} {found.detail}."
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    for each in database_facts:
        conn.execute(_SET[conn.dialect.name], each)
    conn.execute(_UNMARK)
    return None
