"""Requests that customers make and the provider answers, in lists by state: payment requests and order requests."""

from typing import Any

import msgspec

from tenure.http.client.api_exchange import fill_path
from tenure.portal.session import PAGE, Portal
from tenure.web.page_api import PageApi
from tenure.web.pager import make_pager


class RequestKind(msgspec.Struct, frozen=True):
    """One kind of them."""

    address: str
    """Of the list in the API."""
    states: tuple[str, ...]

    async def list_page(self, api: PageApi, visit: Portal, usual: str = "asked") -> dict[str, Any]:
        """A page of the list in the state that the address names, else in the `usual` one, for a template."""
        state = visit.query.get("state", "")
        state = state if state in self.states else usual
        found = await api.get_page(self.address, {"state": state, "cursor": visit.query.get("cursor")})
        return {"rows": found.items, "state": state, "states": self.states, "pages": make_pager(visit, found, PAGE)}

    async def dry_run_answer(self, api: PageApi, visit: Portal, verb: str, **said: str) -> dict[str, Any]:
        """The request as it would be answered; nothing is done yet."""
        one = fill_path(self.address + "/{name}/{verb}", name=visit.params["wanted"], verb=verb)
        found: dict[str, Any] = (await api.post(one, said or None, dry_run=True)).value
        return found

    async def answer_request(self, api: PageApi, visit: Portal, verb: str, **said: str) -> None:
        """What the provider, or the customer who asked, says to the other one."""
        one = fill_path(self.address + "/{name}/{verb}", name=visit.params["wanted"], verb=verb)
        await api.post(one, said or None, key=visit.form.read_text("_key"))
