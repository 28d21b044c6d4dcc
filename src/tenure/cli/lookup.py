"""Names typed instead of ids: what `http.lookup` says of them, asked over the desk's connection."""

from typing import Any

import msgspec

from tenure.cli.desk import Desk
from tenure.cli.problems import Failed, failed
from tenure.core.refusals import Refused
from tenure.http.lookup import MOST, SORTS, find_named, is_name, list_query


def ids_of(desk: Desk, given: dict[str, Any]) -> dict[str, Any] | Failed:
    """`given` with every customer, offer and subscription that was named otherwise as its id.

    Refuses `not_found` where nothing is called so, `field_invalid` where several are, with their ids.
    """
    known = dict(given)
    for field in SORTS:
        text = known.get(field)
        if isinstance(text, str) and is_name(field, text):
            items = named_items(desk, field, text)
            found = items if isinstance(items, Failed) else find_named(field, text, items)
            if isinstance(found, Failed):
                return found
            if isinstance(found, Refused):
                return failed(found)
            known[field] = found
    return known


def named_items(desk: Desk, field: str, text: str) -> list[Any] | Failed:
    """The things of a sort among which the one that is called `text` is, as the API lists them."""
    api = desk.api()
    if isinstance(api, Failed):
        return api
    path, query = list_query(field, text)
    pages = api.pages(path, query, limit=MOST)
    return pages if isinstance(pages, Failed) else [msgspec.json.decode(each) for each in pages]
