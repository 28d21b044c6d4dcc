"""The page that a mail about a new activation code leads to: it shows the code once, when asked to and never before."""

from typing import Any

from tenure.portal.client import Api, path
from tenure.portal.pages.agreed import subject_of
from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Refusal, RefusedPageError, Reply, Screen


class Codes:
    """A code that waits, and the showing."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def wait(self, visit: Portal) -> Reply:
        """Whether a code waits. Mail programs follow links by themselves, so this shows none."""
        return await self._page(visit)

    async def show(self, visit: Portal) -> Reply:
        """The code, this once."""
        try:
            done = await self._server.of(visit).post(f"{_address(visit)}/code", key=visit.form.text("_key", most=100))
        except RefusedPageError as error:
            visit.form.values.pop("_key", None)
            return await self._page(visit, error.refusal)
        api = self._server.of(visit)
        sub = await api.get(_address(visit))
        return await code_screen(api, sub, done.value["activation_code"], await subject_of(api, visit, sub), new=None)

    async def _page(self, visit: Portal, refusal: Refusal | None = None) -> Screen:
        api = self._server.of(visit)
        sub = await api.get(_address(visit))
        said = {each["action"]: each["allowed"] for each in sub["allowed_actions"]}
        values: dict[str, Any] = {
            "sub": sub,
            "about": await subject_of(api, visit, sub),
            "waits": await api.get(f"{_address(visit)}/code"),
            "reissue": bool(said.get("reissue_code")) and visit.who.may("subscriptions:write"),
            "refusal": refusal,
        }
        return Screen(template="code_waiting.html", values=values, status=refusal.status if refusal else 200)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (
            page("/subscriptions/{subscription}/code", self.wait),
            action("/subscriptions/{subscription}/code", self.show),
        )


async def code_screen(api: Api, sub: dict[str, Any], code: str, about: dict[str, Any], *, new: bool | None) -> Screen:
    """The page with a whole code. `new`: of an order just made, or of a code issued anew; None: one that waited.

    A code that an order or a re-issue answers with waits all the same for its customer, so the page says until when.
    """
    waits = await api.get(path("/v1/subscriptions/{name}/code", name=sub["id"]))
    values = {"code": code, "sub": sub, "new": new, "about": about, "waits": waits}
    return Screen(template="code.html", values=values)


def _address(visit: Portal) -> str:
    return path("/v1/subscriptions/{name}", name=visit.params["subscription"])
