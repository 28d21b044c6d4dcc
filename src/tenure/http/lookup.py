"""What people call things, instead of ids: a customer by reference, name or address, an offer by its plan or name, a
subscription by the last group of its code. Who fetches the lists is the command line's and the portal's business.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from tenure.core.pricing import format_money
from tenure.core.refusals import RefusalCode, Refused

MOST = 1_000
"""Things that are looked through for the one that is meant."""
LONGEST = 120
"""Characters of a name; what is longer goes to the server as it is, which refuses it."""
SHOWN = 5
"""Things that a refusal names where several are meant."""
_KINDS = {
    "customer": "cus_",
    "offer": "off_",
    "subscription": "sub_",
    "provider": "prv_",
    "site": "sit_",
    "code": "cod_",
    "user": "usr_",
}
"""How ids begin, by what has them."""
_GROUP = re.compile(r"[0-9A-Za-z]{5}")


class Sort(msgspec.Struct, frozen=True):
    """How one sort of thing is named."""

    id: str
    """How its ids begin."""
    path: str
    """Where the API lists them."""
    members: tuple[str, ...]
    """What it may be called by, the most exact first."""
    search: bool
    """Whether the list can be narrowed by words."""


SORTS = {
    "customer": Sort("cus_", "/v1/customers", ("reference", "name", "email"), search=True),
    "offer": Sort("off_", "/v1/offers", ("plan", "name"), search=False),
    "subscription": Sort("sub_", "/v1/subscriptions", ("code_last_group",), search=True),
}
"""The sorts by the field that names one of them."""


def is_name(field: str, text: str) -> bool:
    """Whether `text` is what people call a thing of this sort, and no id."""
    sort = SORTS[field]
    if text.startswith(sort.id) or not text.strip() or len(text) > LONGEST or not text.isprintable():
        return False
    return sort.members != ("code_last_group",) or bool(_GROUP.fullmatch(text))


def list_query(field: str, text: str) -> tuple[str, dict[str, str]]:
    """Path and query of the API's list in which `text` is looked for, at most `MOST` items of it."""
    sort = SORTS[field]
    return sort.path, {"q": text} if sort.search else {}


def find_named(field: str, text: str, items: Sequence[Any]) -> str | Refused:
    """The id of the one among `items`, as the API lists them, that is called `text`; capitals are small letters.

    A reference comes before a name, a name before an address. Refuses `not_found` where nothing is called so,
    `field_invalid` where several are, with what tells them apart.
    """
    sort = SORTS[field]
    if (other := _other_sort(text, field)) is not None:
        article = "an" if other[0] in "aeiou" else "a"
        needed = f"{'an' if field[0] in 'aeiou' else 'a'} {field} ({sort.id}…)"
        return Refused(RefusalCode.NOT_FOUND, f"{text} is {article} {other}; {needed} is needed here.", field)
    for member in sort.members:
        named = [item for item in items if str(item.get(member, "")).casefold() == text.casefold()]
        if len(named) == 1:
            return str(named[0]["id"])
        if named:
            several = ", ".join(_told(item, sort, member) for item in named[:SHOWN])
            more = ", …" if len(named) > SHOWN else ""
            detail = f"{len(named)} are called {text!r}: {several}{more}. Give the id of the one that is meant."
            return Refused(RefusalCode.FIELD_INVALID, detail, field)
    called = " or ".join(each.replace("code_last_group", "last group of its code") for each in ("id", *sort.members))
    return Refused(RefusalCode.NOT_FOUND, f"No {field} has the {called} {text!r}.", field)


def _other_sort(text: str, field: str) -> str | None:
    """What `text` is the id of, where that is another sort of thing than `field`."""
    return next(
        (name for name, prefix in _KINDS.items() if name != field and re.fullmatch(f"{prefix}[0-9a-z]{{26}}", text)),
        None,
    )


def _told(item: Any, sort: Sort, common: str) -> str:
    """A thing among others of the same name: its id and what it has of its own."""
    own = [str(item[each]) for each in sort.members if each != common and item.get(each)]
    if item.get("bands"):
        own.append(format_money(item["bands"][0]["unit"], item["currency"]))
    return f"{item['id']} ({', '.join(own)})" if own else str(item["id"])
