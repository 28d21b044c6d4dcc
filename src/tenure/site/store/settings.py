"""What administrators set while the site runs, one value for each name; `site.toml` says what they begin with."""

from typing import TypeVar

import msgspec

from tenure.site.store.writer import Connection

T = TypeVar("T")


def get_setting(conn: Connection, name: str, kind: type[T]) -> T | None:
    """The value set last; None where none was, or where what was set is of no use to this program any more."""
    row = conn.execute("select body from settings where name = ?", (name,)).fetchone()
    try:
        return None if row is None else msgspec.json.decode(row[0], type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def set_setting(conn: Connection, name: str, value: msgspec.Struct) -> None:
    """From now on."""
    conn.execute(
        "insert into settings values (?, ?) on conflict (name) do update set body = excluded.body",
        (name, msgspec.json.encode(value)),
    )
