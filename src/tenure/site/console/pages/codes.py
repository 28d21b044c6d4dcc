"""Entering an activation code: checked while it is typed, refused with reason and date, staged with a preview (M10).

A code is never in an address: it comes in a form and goes out in a body.
"""

from typing import Any

from tenure.site.console.banner import renew_link
from tenure.site.console.client import Api, path
from tenure.site.console.exchanges import Exchanges
from tenure.site.console.pages.licenses import drawn
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

ROLES = {"code": ("active", "activate"), "successor": ("successor", "successor")}
"""What stands in the address: the role of the code, and the API's word for applying it."""


class Codes:
    """Applying and staging."""

    def __init__(self, server: Server, exchanges: Exchanges) -> None:
        self._server, self._exchanges = server, exchanges

    async def show(self, visit: Console) -> Reply:
        """The form."""
        return await self._form(visit)

    async def check(self, visit: Console) -> Reply:
        """What can be told of a code without asking the licensing server; for the form, while somebody types."""
        code = visit.form.text("code", most=100)
        values: dict[str, Any] = {"typed": bool(code), "refusal": None, "role": _role(visit), "same": False}
        if code:
            values["refusal"] = await self._judged(visit, code)
            license_ = await self._license(visit)
            values["same"] = _same(code, license_)
            values["license"] = license_
        return Screen(template="code_check.html", values=values)

    async def apply(self, visit: Console) -> Reply:
        """Send it to the licensing server; by the other button of the form only to see what it would start."""
        code = visit.form.required("code", most=100)
        if not code:
            return await self._form(visit, 422)
        if visit.form.text("look"):
            return await self._look(visit, code)
        refusal = await self._judged(visit, code)
        if refusal is not None:
            return await self._form(visit, 422, refusal)
        api, product, (_, verb) = self._server.of(visit), visit.params["product"], ROLES[_role(visit)]
        where = path("/v1/licenses/{product}/{verb}", product=product, verb=verb)
        await self._exchanges.begin(product, verb, api.post(where, {"code": code}, key=visit.form.text("_key")))
        return Goto(path("/licenses/{product}/synchronization", product=product))

    async def drop(self, visit: Console) -> Reply:
        """Drop the staged successor."""
        api, product = self._server.of(visit), visit.params["product"]
        where = path("/v1/licenses/{product}/drop-successor", product=product)
        await self._exchanges.begin(product, "drop-successor", api.post(where, key=visit.form.text("_key")))
        return Goto(path("/licenses/{product}/synchronization", product=product))

    async def _look(self, visit: Console, code: str) -> Reply:
        """The form with what the server says that the code would start, or with what it refuses it for."""
        tried = await self._tried(visit, code)
        if isinstance(tried, Refusal):
            return await self._form(visit, 422, tried)
        return await self._form(visit, preview=tried["preview"])

    async def _judged(self, visit: Console, code: str) -> Refusal | None:
        """What the API refuses before anything is sent; None when the licensing server would be asked."""
        tried = await self._tried(visit, code, ask="false")
        return tried if isinstance(tried, Refusal) else None

    async def _tried(self, visit: Console, code: str, **query: str) -> dict[str, Any] | Refusal:
        api, product, (_, verb) = self._server.of(visit), visit.params["product"], ROLES[_role(visit)]
        where = path("/v1/licenses/{product}/{verb}", product=product, verb=verb)
        try:
            told = await api.post(where, {"code": code if code.isascii() else "?"}, dry_run=True, **query)
        except RefusedPageError as error:
            if error.refusal.code == "not_found":  # no such product here
                raise
            return error.refusal
        return dict(told)

    async def _license(self, visit: Console) -> dict[str, Any]:
        api: Api = self._server.of(visit)
        found: dict[str, Any] = await api.get(path("/v1/licenses/{product}", product=visit.params["product"]))
        return found

    async def _form(
        self,
        visit: Console,
        status: int = 200,
        refusal: Refusal | None = None,
        preview: dict[str, Any] | None = None,
    ) -> Reply:
        license_, role = await self._license(visit), _role(visit)
        cancelled = any(each["cause"] == "cancelled" for each in license_["timeline"])
        in_force = license_["phase"] in ("active", "paused") and license_["subscription"] and not cancelled
        values = {
            "license": license_, "role": role, "refusal": refusal, "in_force": in_force, "link": renew_link(license_),
            "spans": drawn(license_["timeline"]), "preview": preview,
            "coming": drawn(preview["timeline"]) if preview else [],
            "beyond": _beyond(license_, preview) if preview else 0,
        }  # fmt: skip
        return Screen(template="code.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        one = "/licenses/{product}"
        both = [
            route
            for name in ROLES
            for route in (
                page(f"{one}/{name}", self.show),
                action(f"{one}/{name}", self.apply),
                action(f"{one}/{name}/check", self.check),
            )
        ]
        return (*both, action(f"{one}/drop-successor", self.drop))


def _beyond(license_: dict[str, Any], preview: dict[str, Any]) -> int:
    """How many devices that are protected here a code would not cover."""
    first = preview["timeline"][0]["limit"] if preview["timeline"] else 0
    most, in_use = max(int(preview["devices"]), int(first or 0)), int(license_["in_use"])
    return max(0, in_use - most)


def _role(visit: Console) -> str:
    return "successor" if "/successor" in visit.path else "code"


def _same(code: str, license_: dict[str, Any]) -> bool:
    last = "".join(each for each in code.upper() if each.isalnum())[-5:]
    return bool(last) and last == license_["code_last_group"]
