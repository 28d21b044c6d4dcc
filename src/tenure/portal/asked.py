"""What customers have asked for and the desk answers, kept in lists by state: payment requests and order requests."""

from typing import Any

import msgspec

from tenure.portal.client import PAGE, Api, path
from tenure.portal.signed import Portal
from tenure.web.pager import pager


class Asked(msgspec.Struct, frozen=True):
    """One kind of them."""

    address: str
    """Of the list in the API."""
    states: tuple[str, ...]

    async def listed(self, api: Api, visit: Portal, usual: str = "asked") -> dict[str, Any]:
        """A page of the list in the state that the address names, else in the `usual` one, for a template."""
        state = visit.query.get("state", "")
        state = state if state in self.states else usual
        found = await api.listed(self.address, {"state": state, "cursor": visit.query.get("cursor")})
        return {"rows": found.items, "state": state, "states": self.states, "pages": pager(visit, found, PAGE)}

    async def answer(self, api: Api, visit: Portal, verb: str, **said: str) -> None:
        """What the desk, or whoever asked, says to the one that the visit is about."""
        one = path(self.address + "/{name}/{verb}", name=visit.params["wanted"], verb=verb)
        await api.post(one, said or None, key=visit.form.text("_key"))
