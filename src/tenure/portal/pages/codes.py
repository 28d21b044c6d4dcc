"""The page that a mail about a new activation code leads to: it shows the code once, when asked to and never before."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.pages.agreed import subject_of
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RefusedPageError, Reply


class PendingCodePages(PortalPages):
    """A code that waits, and the showing."""

    @page_at("/subscriptions/{subscription}/code")
    async def wait(self, visit: Portal) -> Reply:
        """Whether a code waits. Mail programs follow links by themselves, so this shows none."""
        return await self._render_page(visit)

    @form_at("/subscriptions/{subscription}/code")
    async def show(self, visit: Portal) -> Reply:
        """The code, this once."""
        try:
            done = await self._server.api_for(visit).post(
                f"{_code_url(visit)}/code", key=visit.form.read_text("_key", most=100)
            )
        except RefusedPageError as error:
            visit.form.values.pop("_key", None)
            return await self._render_page(visit, error.refusal)
        api = self._server.api_for(visit)
        sub = await api.get(_code_url(visit))
        return await code_screen(api, sub, done.value["activation_code"], await subject_of(api, visit, sub), new=None)

    async def _render_page(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._server.api_for(visit)
        sub = await api.get(_code_url(visit))
        said = {each["action"]: each["allowed"] for each in sub["allowed_actions"]}
        values: dict[str, Any] = {
            "sub": sub,
            "about": await subject_of(api, visit, sub),
            "waits": await api.get(f"{_code_url(visit)}/code"),
            "reissue": bool(said.get("reissue_code")) and visit.session_value.has_scope("subscriptions:write"),
            "refusal": refusal,
        }
        return PageScreen(template="code_waiting.html", values=values, status=refusal.status if refusal else 200)


async def code_screen(
    api: PageApi, sub: dict[str, Any], code: str, about: dict[str, Any], *, new: bool | None
) -> PageScreen:
    """The page with a whole code. `new`: of an order just made, or of a code issued again; None: one that waited.

    A code that an order or a re-issue answers with waits all the same for its customer, so the page says until when.
    """
    waits = await api.get(fill_path("/v1/subscriptions/{name}/code", name=sub["id"]))
    values = {"code": code, "sub": sub, "new": new, "about": about, "waits": waits}
    return PageScreen(template="code.html", values=values)


def _code_url(visit: Portal) -> str:
    return fill_path("/v1/subscriptions/{name}", name=visit.params["subscription"])
