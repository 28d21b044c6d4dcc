"""Whether a PostgreSQL server can hold the state, and why not, before anything is changed in it.

Each refusal says what was found and the remedy; the caller adds which setting is meant and which database.
"""

import ssl
from typing import Any, Final

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.postgres_target import PostgresTarget

LOWEST: Final = 15
"""The oldest version that the tests run on."""
CLOCKS_APART: Final = 600
"""Seconds; clocks that differ by more are not slow or fast, one of them is wrong."""

_LOOK = sa.text(
    "select current_setting('server_version_num')::int, pg_is_in_recovery(),"
    " current_setting('transaction_read_only') = 'on', extract(epoch from clock_timestamp())::bigint,"
    " current_schema(), current_setting('server_encoding')"
)
_WRONG_USER = {"28P01", "28000"}
_NO_ROOM = {"53300", "53400"}
_NOT_UP = {"57P01", "57P02", "57P03"}
_OTHERS = {
    "3D000": "There is no such database: create it (createdb) or correct its name.",
    "42501": "The user may not create or change tables there: make the schema the user's own (create schema … "
    "authorization …) or grant it CREATE and USAGE.",
    "25006": "The server takes no writes there: it is a standby, or the user or database is set to read only. Name the "
    "primary.",
}


def refuse_server(connection: sa.Connection, schema: str, now: int | None, *, make: bool) -> Refused | None:
    """None where the server fits; `database_unusable` for what cannot hold the state. With `make` the schema is made.

    `now`: the time here in unix seconds, compared with the server's clock; None: it is not compared.
    """
    version, standby, read_only, clock, current, encoding = connection.execute(_LOOK).one()
    found = _explain_server(version, standby=standby, read_only=read_only, encoding=encoding) or (
        None if now is None else explain_clock(clock - now)
    )
    if found:
        return Refused(RefusalCode.DATABASE_UNUSABLE, found)
    if current is None:
        if not make:
            return Refused(RefusalCode.DATABASE_UNUSABLE, f"There is no schema {schema}: correct `schema=` in the URL.")
        connection.exec_driver_sql(f'create schema "{schema}"')  # its name was checked when the URL was read
    return None


def _explain_server(version: int, *, standby: bool, read_only: bool, encoding: str) -> str:
    if version < LOWEST * 10_000:
        return f"It is PostgreSQL {version // 10_000}; {LOWEST} or later is needed: upgrade that server."
    if standby:
        return (
            "It is a standby, which takes no writes: name the primary, or several hosts (`host1,host2`), of which the "
            "primary is used."
        )
    if read_only:
        return "The user or the database is set to read only: alter role … set default_transaction_read_only = off."
    if encoding != "UTF8":
        return f"Its encoding is {encoding}: create a database with encoding 'UTF8'."
    return ""


def explain_clock(apart: int) -> str:
    """What is wrong where the database's clock is so many seconds ahead of this computer's; empty for what may be."""
    if abs(apart) <= CLOCKS_APART:
        return ""
    ahead = f"{abs(apart)} seconds {'ahead of' if apart > 0 else 'behind'} this computer's"
    return f"Its clock is {ahead}: one of the two is wrong, and leases are dated. Set both by NTP, then start again."


def explain_fault(fault: BaseException, target: PostgresTarget) -> Refused:
    """Why no connection stands, in the words of the one who sets it up; never with a password."""
    state: Any = getattr(fault, "sqlstate", "") or ""
    if state in _WRONG_USER:
        source = "no password is given" if target.password is None and target.passfile is None else "the password"
        told = f"PostgreSQL refuses the user {target.user} ({source}): see `password_file=`, `passfile=`, pg_hba.conf."
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    if isinstance(fault, ssl.SSLError):
        told = (
            f"The server does not prove who it is ({fault.reason or fault}): name the authority of its certificate "
            "with `sslrootcert=`, and the host as it stands in the certificate."
        )
        return Refused(RefusalCode.DATABASE_UNUSABLE, told)
    if state in _OTHERS:
        return Refused(RefusalCode.DATABASE_UNUSABLE, _OTHERS[state])
    if state in _NO_ROOM:
        told = (
            "All its connections are taken: raise `max_connections` in PostgreSQL, or lower `connections=` in the URL "
            "(a process takes up to twice as many and two more)."
        )
        return Refused(RefusalCode.DATABASE_UNREACHABLE, told)
    if state in _NOT_UP:
        return Refused(RefusalCode.DATABASE_UNREACHABLE, "It is starting or stopping: try again in a moment.")
    return Refused(RefusalCode.DATABASE_UNREACHABLE, f"{type(fault).__name__}: {fault}.".replace("..", "."))
