"""Append-only made law: the databases themselves refuse to change or delete history (spec M/B12, 5.1 P7).

Whoever drops the triggers to edit is found by the hash chain (`facts.verify`).
"""

import sqlalchemy as sa

from tenure.store.schema.columns import METADATA

APPEND_ONLY = ("facts", "postings", "entries", "chronicle")

_FUNCTION = """create or replace function tenure_refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'history is append-only: % on %', tg_op, tg_table_name; end $$"""


def statements(dialect: str) -> list[str]:
    """The statements that arm every append-only table on `sqlite` or `postgresql`; migrations run the same ones."""
    if dialect == "sqlite":
        return [_on_sqlite(table, deed) for table in APPEND_ONLY for deed in ("update", "delete")]
    return [_FUNCTION, *(statement for table in APPEND_ONLY for statement in _on_postgresql(table))]


def _on_sqlite(table: str, deed: str) -> str:
    return (
        f"create trigger {table}_refuse_{deed} before {deed} on {table} "
        f"begin select raise(abort, 'history is append-only: {deed} on {table}'); end"
    )


def _on_postgresql(table: str) -> tuple[str, str]:
    return (
        f"create trigger {table}_refuse_change before update or delete on {table} "
        "for each row execute function tenure_refuse_change()",
        f"create trigger {table}_refuse_truncate before truncate on {table} "
        "for each statement execute function tenure_refuse_change()",
    )


def _arm(target: sa.MetaData, connection: sa.Connection, **_: object) -> None:
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


sa.event.listen(METADATA, "after_create", _arm)
