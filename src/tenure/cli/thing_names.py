"""How a thing that a command withdraws or removes is called, for the question before it and the sentence after it.

Programs get ids alone; who types an id instead of a name is `lookup`'s.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tenure.cli.command_session import CommandSession
from tenure.cli.problems import CommandError
from tenure.http.client.api_exchange import Query
from tenure.http.lookup import MOST

Row = dict[str, Any]


def listed_name(
    session: CommandSession,
    path: str,
    id_: str,
    name: Callable[[Row], object] = lambda row: row.get("name"),
    *,
    query: Query | None = None,
    tenant: bool = True,
) -> str:
    """`“name” (id)` of the item of that id in the list at `path`.

    The id alone for programs, where the list may not be read, and where it has no such item: the command itself says
    then what is wrong.
    """
    if session.options.json:
        return id_
    try:
        items = session.api().get_pages(path, query or {}, limit=MOST, tenant=tenant)
    except CommandError:
        return id_
    rows = (msgspec.json.decode(each) for each in items)
    return _called(next((row for row in rows if row.get("id") == id_), None), id_, name)


def shown_name(
    session: CommandSession, path: str, id_: str, name: Callable[[Row], object], *, tenant: bool = True
) -> str:
    """As `listed_name`, of what is read at `path` itself."""
    if session.options.json:
        return id_
    try:
        found = session.get(path, tenant=tenant)
    except CommandError:
        return id_
    return _called(msgspec.json.decode(found.body), id_, name)


def _called(row: Row | None, id_: str, name: Callable[[Row], object]) -> str:
    text = "" if row is None else str(name(row) or "")
    return f"“{text}” ({id_})" if text else id_
