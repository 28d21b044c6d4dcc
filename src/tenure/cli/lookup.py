"""What people call things, instead of ids: a customer by reference, name or address, an offer by its plan or name, a
subscription by the last group of its code. Exactly one must be meant; ids go through as they are.
"""

import re
from typing import Any

import msgspec

from tenure.cli.desk import Desk
from tenure.cli.problems import Failed, failed, invalid
from tenure.core.refusals import Code, Refused

MOST = 1_000
"""Things that are looked through for the one that is meant."""
LONGEST = 120
"""Characters of a name; what is longer goes to the server as it is, which refuses it."""
_GROUP = re.compile(r"[0-9A-Za-z]{5}")


class _Sort(msgspec.Struct, frozen=True):
    """How one sort of thing is named."""

    id: str
    """How its ids begin."""
    path: str
    members: tuple[str, ...]
    """What it may be called by, the most exact first."""
    search: bool
    """Whether the list can be narrowed by words."""


_SORTS = {
    "customer": _Sort("cus_", "/v1/customers", ("reference", "name", "email"), search=True),
    "offer": _Sort("off_", "/v1/offers", ("plan", "name"), search=False),
    "subscription": _Sort("sub_", "/v1/subscriptions", ("code_last_group",), search=True),
}


def ids_of(desk: Desk, given: dict[str, Any]) -> dict[str, Any] | Failed:
    """`given` with every customer, offer and subscription that was named otherwise as its id.

    Refuses `not_found` where nothing is called so, `field_invalid` where several are, with their ids.
    """
    known = dict(given)
    for field, sort in _SORTS.items():
        text = known.get(field)
        if isinstance(text, str) and _is_name(sort, text):
            found = _one(desk, field, sort, text)
            if isinstance(found, Failed):
                return found
            known[field] = found
    return known


def _is_name(sort: _Sort, text: str) -> bool:
    if text.startswith(sort.id) or not text.strip() or len(text) > LONGEST or not text.isprintable():
        return False
    return sort.members != ("code_last_group",) or bool(_GROUP.fullmatch(text))


def _one(desk: Desk, field: str, sort: _Sort, text: str) -> str | Failed:
    api = desk.api()
    if isinstance(api, Failed):
        return api
    pages = api.pages(sort.path, {"q": text} if sort.search else {}, limit=MOST)
    if isinstance(pages, Failed):
        return pages
    items: list[Any] = [msgspec.json.decode(each) for each in pages]
    for member in sort.members:
        named = [item["id"] for item in items if str(item.get(member, "")).casefold() == text.casefold()]
        if len(named) == 1:
            return str(named[0])
        if named:
            several = ", ".join(named[:5]) + (", …" if len(named) > 5 else "")
            return invalid(f"{len(named)} are called {text!r}: {several}. Give the id of the one that is meant.", field)
    called = " or ".join(each.replace("code_last_group", "last group of its code") for each in ("id", *sort.members))
    return failed(Refused(Code.NOT_FOUND, f"No {field} has the {called} {text!r}.", field))
