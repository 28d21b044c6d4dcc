"""Choosing one of the provider's customers in a form: a plain list where there are few, a search where there are many.

The search needs no script: a user who changes its words and sends the form gets it again with the customers found.
"""

from typing import Any

import msgspec

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import Portal
from tenure.web.page_api import PageApi
from tenure.web.replies import RefusedPageError

FEW = 100
"""Customers that a plain list shows."""
SHOWN = 8
"""Customers that a search shows."""


class CustomerChoices(msgspec.Struct, frozen=True, kw_only=True):
    """Among whom to choose."""

    many: bool
    """Too many for a plain list: those shown are what a search has found."""
    shown: tuple[dict[str, Any], ...]
    words: str = ""
    """What was searched for."""
    more: bool = False
    """Whether the search found more than are shown."""
    none: bool = False
    """Whether it found no customer; one who is chosen already is shown all the same."""


def is_search(visit: Portal) -> bool:
    """Whether the form was sent to search a customer rather than to go on: by its button, or with new words."""
    form = visit.form
    return form.read_text("step") == "find" or form.read_text("find", most=100) != form.read_text("found", most=100)


async def customer_choices(api: PageApi, visit: Portal, but: str = "") -> CustomerChoices:
    """The customers to choose among, without `but`; one who is chosen already stays among them."""
    few = await api.get_page("/v1/customers", {"sort": "name"}, FEW)
    if few.next is None:
        return CustomerChoices(many=False, shown=_without_customer(few.items, but))
    words = visit.form.read_text("find", most=100)
    found = await api.get_page("/v1/customers", {"sort": "name", "q": words or None}, SHOWN)
    chosen = await _chosen_customer(api, visit.form.read_text("customer", most=64))
    others = [each for each in found.items if each["id"] != (chosen or {}).get("id")]
    shown = _without_customer([chosen, *others] if chosen else others, but)
    return CustomerChoices(many=True, shown=shown, words=words, more=found.next is not None, none=not found.items)


async def chosen_name(api: PageApi, visit: Portal) -> str:
    """The name of the customer whom the form names, to be read before anything is done; empty where it names none."""
    found = await _chosen_customer(api, visit.form.read_text("customer", most=64))
    return str(found["name"]) if found else ""


async def _chosen_customer(api: PageApi, name: str) -> dict[str, Any] | None:
    try:
        return await api.get(fill_path("/v1/customers/{name}", name=name)) if name else None
    except RefusedPageError:
        return None


def _without_customer(found: list[dict[str, Any]], but: str) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in found if each["id"] != but)
