"""Append-only made law: the databases themselves refuse to change or delete history (B12, P7), and to take
a balance below its credit limit (P5).

Edits made after the triggers were dropped are found by the hash chain (`facts.verify_history`) and by
`audit.drifted_accounts`.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import METADATA

APPEND_ONLY = ("facts", "postings", "entries", "provider_links")

_FUNCTION = """create or replace function tenure_refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'history is append-only: % on %', tg_op, tg_table_name; end $$"""

_OVERDRAWN = "new.balance < -new.credit_limit"
_BALANCE_FUNCTION = f"""create or replace function tenure_refuse_overdraft() returns trigger language plpgsql as
$$ begin if {_OVERDRAWN} then raise exception 'the balance does not cover this' using errcode = '23514'; end if;
return new; end $$"""


def balance_statements(dialect: str) -> list[str]:
    """The statements that guard balances: nothing is taken that leaves one below minus its credit limit."""
    if dialect == "sqlite":
        refused = "begin select raise(abort, 'the balance does not cover this'); end"
        return [
            "create trigger accounts_refuse_overdraft before update of balance on accounts "
            f"when new.balance < old.balance and {_OVERDRAWN} {refused}",
            f"create trigger accounts_refuse_overdrawn before insert on accounts when {_OVERDRAWN} {refused}",
        ]
    run = "execute function tenure_refuse_overdraft()"
    return [
        _BALANCE_FUNCTION,
        "create trigger accounts_refuse_overdraft before update of balance on accounts for each row "
        f"when (new.balance < old.balance) {run}",
        f"create trigger accounts_refuse_overdrawn before insert on accounts for each row {run}",
    ]


def trigger_statements(dialect: str) -> list[str]:
    """The statements that arm every append-only table on `sqlite` or `postgresql`; migrations run the same ones."""
    if dialect == "sqlite":
        return [_on_sqlite(table, operation) for table in APPEND_ONLY for operation in ("update", "delete")]
    return [_FUNCTION, *(statement for table in APPEND_ONLY for statement in _on_postgresql(table))]


def _on_sqlite(table: str, operation: str) -> str:
    return (
        f"create trigger {table}_refuse_{operation} before {operation} on {table} "
        f"begin select raise(abort, 'history is append-only: {operation} on {table}'); end"
    )


def _on_postgresql(table: str) -> tuple[str, str]:
    return (
        f"create trigger {table}_refuse_change before update or delete on {table} "
        "for each row execute function tenure_refuse_change()",
        f"create trigger {table}_refuse_truncate before truncate on {table} "
        "for each statement execute function tenure_refuse_change()",
    )


def _attach_triggers(target: sa.MetaData, connection: sa.Connection, **_: object) -> None:
    dialect = connection.dialect.name
    for statement in (*trigger_statements(dialect), *balance_statements(dialect)):
        connection.exec_driver_sql(statement)


sa.event.listen(METADATA, "after_create", _attach_triggers)
