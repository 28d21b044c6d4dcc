"""A credit limit may be lowered below what is used: the balance is guarded where it is taken from, not as it stands."""

from alembic import op

revision = "0009"
down_revision = "0008"

OVERDRAWN = "new.balance < -new.credit_limit"


def upgrade() -> None:
    """Forward only."""
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
        return
    op.drop_constraint(op.f("ck_accounts_balance"), "accounts", type_="check")
    run = "execute function tenure_refuse_overdraft()"
    op.execute(
        "create or replace function tenure_refuse_overdraft() returns trigger language plpgsql as\n"
        f"$$ begin if {OVERDRAWN} then raise exception 'the balance does not cover this' using errcode = '23514'; "
        "end if;\nreturn new; end $$"
    )
    op.execute(
        "create trigger accounts_refuse_overdraft before update of balance on accounts for each row "
        f"when (new.balance < old.balance) {run}"
    )
    op.execute(f"create trigger accounts_refuse_overdrawn before insert on accounts for each row {run}")


def _on_sqlite() -> None:
    """The table's text loses the check, as SQLite's manual has it: made anew, other tables would refer to nothing."""
    op.execute("pragma writable_schema = on")
    op.execute(
        "update sqlite_schema set sql = replace(replace(sql, "
        "', CONSTRAINT ck_accounts_balance CHECK (balance >= -credit_limit)', ''), "
        "', \n\tCONSTRAINT ck_accounts_balance CHECK (balance >= -credit_limit)', '') "
        "where type = 'table' and name = 'accounts'"
    )
    op.execute("pragma writable_schema = reset")
    refused = "begin select raise(abort, 'the balance does not cover this'); end"
    op.execute(
        "create trigger accounts_refuse_overdraft before update of balance on accounts "
        f"when new.balance < old.balance and {OVERDRAWN} {refused}"
    )
    op.execute(f"create trigger accounts_refuse_overdrawn before insert on accounts when {OVERDRAWN} {refused}")
