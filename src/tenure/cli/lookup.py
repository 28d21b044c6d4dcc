"""Names typed instead of ids: what `http.lookup` says of them, asked over the session's connection."""

from typing import Any

import msgspec

from tenure.cli.command_session import CommandSession
from tenure.cli.problems import accept
from tenure.http.lookup import MOST, SORTS, find_named, is_name, list_query


def ids_of(session: CommandSession, given: dict[str, Any]) -> dict[str, Any]:
    """`given` with every customer, offer and subscription that was named otherwise as its id.

    Refuses `not_found` where nothing is called so, `field_invalid` where several are, with their ids.
    """
    known = dict(given)
    for field in SORTS:
        text = known.get(field)
        if isinstance(text, str) and is_name(field, text):
            items = named_items(session, field, text)
            known[field] = accept(find_named(field, text, items))
    return known


def named_items(session: CommandSession, field: str, text: str) -> list[Any]:
    """The things of a sort among which the one that is called `text` is, as the API lists them."""
    api = session.api()
    path, query = list_query(field, text)
    pages = api.get_pages(path, query, limit=MOST)
    return [msgspec.json.decode(each) for each in pages]
