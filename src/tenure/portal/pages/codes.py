"""The page that a mail about a new activation code leads to: it shows the code once, when asked to and never before."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.portal.pages.agreed import subject_of
from tenure.portal.session import Portal, PortalPages
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, Reply

SUBSCRIPTION = "/v1/subscriptions/{subscription}"


class PendingCodePages(PortalPages):
    """A code that waits, and the showing."""

    async def _render_page(self, visit: Portal, refusal: PageRefusal | None = None) -> PageScreen:
        api = self._api(visit)
        sub = await api.get(visit.fill_address(SUBSCRIPTION))
        said = {each["action"]: each["allowed"] for each in sub["allowed_actions"]}
        values: dict[str, Any] = {
            "sub": sub,
            "about": await subject_of(api, visit, sub),
            "waits": await api.get(visit.fill_address(f"{SUBSCRIPTION}/code")),
            "reissue": bool(said.get("reissue_code")) and visit.session_value.has_scope("subscriptions:write"),
            "refusal": refusal,
        }
        return PageScreen(template="code_waiting.html", values=values, status=refusal.status if refusal else 200)

    @page_at("/subscriptions/{subscription}/code")
    async def wait(self, visit: Portal) -> Reply:
        """Whether a code waits. Mail programs follow links by themselves, so this shows none."""
        return await self._render_page(visit)

    @form_at("/subscriptions/{subscription}/code", again=_render_page)
    async def show(self, visit: Portal) -> Reply:
        """The code, this once."""
        api = self._api(visit)
        done = await api.post(visit.fill_address(f"{SUBSCRIPTION}/code"), key=visit.form.read_text("_key", most=100))
        sub = await api.get(visit.fill_address(SUBSCRIPTION))
        return await code_screen(api, sub, done.value["activation_code"], await subject_of(api, visit, sub), new=None)


async def code_screen(
    api: PageApi, sub: dict[str, Any], code: str, about: dict[str, Any], *, new: bool | None
) -> PageScreen:
    """The page with a whole code. `new`: of an order just made, or of a code issued again; None: one that waited.

    A code that an order or a re-issue answers with waits all the same for its customer, so the page says until when.
    """
    waits = await api.get(fill_path("/v1/subscriptions/{name}/code", name=sub["id"]))
    return PageScreen.of("code.html", code=code, sub=sub, new=new, about=about, waits=waits)
