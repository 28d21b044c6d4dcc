"""Choosing one of the provider's customers in a form: a plain list where there are few, a search where there are many.

The search needs no script: whoever changes its words and sends the form gets the form again with what was found.
"""

from typing import Any

import msgspec

from tenure.portal.client import Api, path
from tenure.portal.signed import Portal
from tenure.web.replies import RefusedPageError

FEW = 100
"""Customers that a plain list shows."""
SHOWN = 8
"""Customers that a search shows."""


class Buyers(msgspec.Struct, frozen=True, kw_only=True):
    """Among whom to choose."""

    many: bool
    """Too many for a plain list: those shown are what a search has found."""
    shown: tuple[dict[str, Any], ...]
    words: str = ""
    """What was searched for."""
    more: bool = False
    """Whether the search found more than are shown."""
    none: bool = False
    """Whether it found nobody; who is chosen already is shown all the same."""


def searching(visit: Portal) -> bool:
    """Whether the form was sent to search a customer rather than to go on: by its button, or with new words."""
    form = visit.form
    return form.text("step") == "find" or form.text("find", most=100) != form.text("found", most=100)


async def buyers(api: Api, visit: Portal, but: str = "") -> Buyers:
    """The customers to choose among, without `but`; one who is chosen already stays among them."""
    few = await api.listed("/v1/customers", {"sort": "name"}, FEW)
    if few.next is None:
        return Buyers(many=False, shown=_without(few.items, but))
    words = visit.form.text("find", most=100)
    found = await api.listed("/v1/customers", {"sort": "name", "q": words or None}, SHOWN)
    chosen = await _chosen(api, visit.form.text("customer", most=64))
    others = [each for each in found.items if each["id"] != (chosen or {}).get("id")]
    shown = _without([chosen, *others] if chosen else others, but)
    return Buyers(many=True, shown=shown, words=words, more=found.next is not None, none=not found.items)


async def called(api: Api, visit: Portal) -> str:
    """The name of the customer whom the form names, to be read before anything is done; empty where it names none."""
    found = await _chosen(api, visit.form.text("customer", most=64))
    return str(found["name"]) if found else ""


async def _chosen(api: Api, name: str) -> dict[str, Any] | None:
    try:
        return await api.get(path("/v1/customers/{name}", name=name)) if name else None
    except RefusedPageError:
        return None


def _without(found: list[dict[str, Any]], but: str) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in found if each["id"] != but)
