"""Names typed instead of ids: what `http.lookup` says of them, asked over the session's connection."""

from typing import Any

import msgspec

from tenure.cli.command_session import CommandSession
from tenure.cli.problems import CommandFailed, fail_with
from tenure.core.refusals import Refused
from tenure.http.lookup import MOST, SORTS, find_named, is_name, list_query


def ids_of(session: CommandSession, given: dict[str, Any]) -> dict[str, Any] | CommandFailed:
    """`given` with every customer, offer and subscription that was named otherwise as its id.

    Refuses `not_found` where nothing is called so, `field_invalid` where several are, with their ids.
    """
    known = dict(given)
    for field in SORTS:
        text = known.get(field)
        if isinstance(text, str) and is_name(field, text):
            items = named_items(session, field, text)
            found = items if isinstance(items, CommandFailed) else find_named(field, text, items)
            if isinstance(found, CommandFailed):
                return found
            if isinstance(found, Refused):
                return fail_with(found)
            known[field] = found
    return known


def named_items(session: CommandSession, field: str, text: str) -> list[Any] | CommandFailed:
    """The things of a sort among which the one that is called `text` is, as the API lists them."""
    api = session.api()
    if isinstance(api, CommandFailed):
        return api
    path, query = list_query(field, text)
    pages = api.get_pages(path, query, limit=MOST)
    return pages if isinstance(pages, CommandFailed) else [msgspec.json.decode(each) for each in pages]
