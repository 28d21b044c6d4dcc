"""How a test edits the database past the server: the guards that stand in the way let go, on either database."""

import re

import sqlalchemy as sa

from tenure.store.engine import Connection

_SPELLINGS = (
    (
        r"cast\(replace\(cast\((\w+) as text\), (.*)\) as blob\)",
        r"convert_to(replace(convert_from(\1, 'UTF8'), \2), 'UTF8')",
    ),
    (r"cast\(('.*?') as blob\)", r"convert_to(\1, 'UTF8')"),
    (r"unhex\(replace\(hex\((\w+)\), (.*?)\)\)", r"decode(replace(upper(encode(\1, 'hex')), \2), 'hex')"),
)
"""Of SQLite's functions on bytes, in PostgreSQL's words."""


def drop_guards(conn: Connection) -> None:
    """No trigger refuses what follows in this transaction, which is not kept."""
    if conn.dialect.name == "sqlite":
        for (trigger,) in conn.execute(sa.text("select name from sqlite_master where type = 'trigger'")).all():
            conn.exec_driver_sql(f"drop trigger {trigger}")
    else:
        conn.exec_driver_sql("set local session_replication_role = replica")


def run_edit(conn: Connection, statement: str) -> None:
    """`statement`, written for SQLite."""
    if conn.dialect.name != "sqlite":
        for lite, postgres in _SPELLINGS:
            statement = re.sub(lite, postgres, statement)
    conn.exec_driver_sql(statement)
