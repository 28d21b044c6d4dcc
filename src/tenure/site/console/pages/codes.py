"""Entering an activation code: checked while it is typed, refused with reason and date, staged with a preview (M10).

A code is never in an address: it comes in a form and goes out in a body.
"""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.banner import renew_link
from tenure.site.console.exchanges import ExchangePages
from tenure.site.console.pages.licenses import drawable_spans
from tenure.site.console.session import Console
from tenure.web.page_app import PageRoute, form_route, page_route
from tenure.web.page_groups import form_at
from tenure.web.replies import PageRefusal, PageScreen, RefusedPageError, Reply

ROLES = {"code": ("active", "activate"), "successor": ("successor", "successor")}
"""What stands in the address: the role of the code, and the API's word for applying it."""


class ActivationPages(ExchangePages):
    """Applying and staging."""

    async def show(self, visit: Console) -> Reply:
        """The form."""
        return await self._render_form(visit)

    async def check(self, visit: Console) -> Reply:
        """Check a code without asking the activation server; for the form, while a user types."""
        code = visit.form.read_text("code", most=100)
        values: dict[str, Any] = {"typed": bool(code), "refusal": None, "role": _wanted_role(visit), "same": False}
        if code:
            values["refusal"] = await self._refuse_code(visit, code)
            license_ = await self._selected_license(visit)
            values["same"] = _is_same_subscription(code, license_)
            values["license"] = license_
        return PageScreen(template="code_check.html", values=values)

    async def apply(self, visit: Console) -> Reply:
        """Send it to the activation server; by the other button of the form only to see what it would start."""
        code = visit.form.read_required("code", most=100)
        if not code:
            return await self._render_form(visit, 422)
        if visit.form.read_text("preview"):
            return await self._look(visit, code)
        refusal = await self._refuse_code(visit, code)
        if refusal is not None:
            return await self._render_form(visit, 422, refusal)
        return await self._begin_exchange(visit, ROLES[_wanted_role(visit)][1], {"code": code})

    @form_at("/licenses/{product}/drop-successor")
    async def drop(self, visit: Console) -> Reply:
        """Drop the staged successor."""
        return await self._begin_exchange(visit, "drop-successor")

    async def _look(self, visit: Console, code: str) -> Reply:
        """The form with what the server says that the code would start, or with what it refuses it for."""
        tried = await self._try_code(visit, code)
        if isinstance(tried, PageRefusal):
            return await self._render_form(visit, 422, tried)
        return await self._render_form(visit, preview=tried["preview"])

    async def _refuse_code(self, visit: Console, code: str) -> PageRefusal | None:
        """What the API refuses before anything is sent; None when the activation server would be asked."""
        tried = await self._try_code(visit, code, ask="false")
        return tried if isinstance(tried, PageRefusal) else None

    async def _try_code(self, visit: Console, code: str, **query: str) -> dict[str, Any] | PageRefusal:
        api, product, (_, verb) = self._api(visit), visit.params["product"], ROLES[_wanted_role(visit)]
        where = fill_path("/v1/licenses/{product}/{verb}", product=product, verb=verb)
        try:
            told = (await api.post(where, {"code": code if code.isascii() else "?"}, dry_run=True, **query)).value
        except RefusedPageError as error:
            if error.refusal.code == "not_found":  # no such product here
                raise
            return error.refusal
        return dict(told)

    async def _selected_license(self, visit: Console) -> dict[str, Any]:
        found: dict[str, Any] = await self._api(visit).get(visit.fill_address("/v1/licenses/{product}"))
        return found

    async def _render_form(
        self,
        visit: Console,
        status: int = 200,
        refusal: PageRefusal | None = None,
        preview: dict[str, Any] | None = None,
    ) -> Reply:
        license_, role = await self._selected_license(visit), _wanted_role(visit)
        canceled = any(each["cause"] == "canceled" for each in license_["timeline"])
        in_force = license_["phase"] in ("active", "paused") and license_["subscription"] and not canceled
        values = {
            "license": license_, "role": role, "refusal": refusal, "in_force": in_force, "link": renew_link(license_),
            "spans": drawable_spans(license_["timeline"]), "preview": preview,
            "coming": drawable_spans(preview["timeline"]) if preview else [],
            "beyond": _devices_beyond(license_, preview) if preview else 0,
        }  # fmt: skip
        return PageScreen(template="code.html", values=values, status=status)

    def routes(self) -> tuple[PageRoute, ...]:
        """Every page of this group."""
        both = (route for name in ROLES for route in self._routes_of(f"/licenses/{{product}}/{name}"))
        return (*super().routes(), *both)

    def _routes_of(self, where: str) -> tuple[PageRoute, ...]:
        return page_route(where, self.show), form_route(where, self.apply), form_route(f"{where}/check", self.check)


def _devices_beyond(license_: dict[str, Any], preview: dict[str, Any]) -> int:
    """How many devices that are protected here a code would not cover."""
    first = preview["timeline"][0]["limit"] if preview["timeline"] else 0
    most, in_use = max(int(preview["devices"]), int(first or 0)), int(license_["in_use"])
    return max(0, in_use - most)


def _wanted_role(visit: Console) -> str:
    return "successor" if "/successor" in visit.path else "code"


def _is_same_subscription(code: str, license_: dict[str, Any]) -> bool:
    last = "".join(each for each in code.upper() if each.isalnum())[-5:]
    return bool(last) and last == license_["code_last_group"]
