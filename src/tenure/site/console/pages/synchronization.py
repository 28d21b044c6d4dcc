"""Synchronize subscription settings with Licensing server (M17): the steps live, the path used, what changed."""

from typing import Any

from tenure.site.console.client import path
from tenure.site.console.exchanges import Exchange, Exchanges
from tenure.site.console.pages.licenses import drawn
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

TITLES = {
    "synchronise": "Synchronize subscription settings with Licensing server",
    "activate": "Applying the activation code",
    "successor": "Staging the successor",
    "drop-successor": "Dropping the successor",
    "resolve-fork": "Settling which copy is which",
}
DONE = {
    "activate": "The activation code was accepted.",
    "successor": "The successor is staged.",
    "drop-successor": "The successor was dropped.",
    "resolve-fork": "The licensing server has taken note of it.",
}
STEPS = {
    "prepare": "Prepare", "path": "Way", "answer": "Answer", "root": "Root of trust", "lease": "Lease", "save": "Save",
}  # fmt: skip


class Synchronization:
    """The page of the exchange that runs, or was the last."""

    def __init__(self, server: Server, exchanges: Exchanges) -> None:
        self._server, self._exchanges = server, exchanges

    async def show(self, visit: Console) -> Reply:
        """The steps so far, and the result."""
        api, product = self._server.of(visit), visit.params["product"]
        one = path("/v1/licenses/{product}", product=product)
        exchange = self._exchanges.last(product)
        values: dict[str, Any] = {
            "license": await api.get(one),
            "exchange": exchange,
            "steps": await self._steps(visit, exchange),
            "step_names": STEPS,
            "titles_done": DONE,
            "title": TITLES[exchange.what if exchange is not None else "synchronise"],
            "spans": [],
        }
        value = exchange.value if exchange is not None else None
        if value is not None:
            staged = value["license"]["successor"] if exchange is not None and exchange.what == "successor" else None
            values["spans"] = drawn(staged["timeline"] if staged else value["license"]["timeline"])
        return Screen(template="synchronization.html", values=values)

    async def start(self, visit: Console) -> Reply:
        """Ask the licensing server now."""
        api, product = self._server.of(visit), visit.params["product"]
        where = path("/v1/licenses/{product}/synchronize", product=product)
        await self._exchanges.begin(product, "synchronise", api.post(where, key=visit.form.text("_key")))
        return Goto(path("/licenses/{product}/synchronization", product=product))

    async def _steps(self, visit: Console, exchange: Exchange | None) -> list[Any]:
        """As the API tells them; a refusal keeps those that led to it."""
        if exchange is not None and exchange.value is not None:
            return list(exchange.value["steps"])
        if exchange is None:
            return []
        if exchange.refusal is not None and _never_sent(exchange.refusal):
            return []
        try:
            where = path("/v1/licenses/{product}/synchronization", product=visit.params["product"])
            return list((await self._server.of(visit).get(where))["steps"])
        except RefusedPageError:
            return []

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        where = "/licenses/{product}/synchronization"
        return (page(where, self.show), action(where, self.start))


def _never_sent(refusal: Refusal) -> bool:
    return refusal.code in {"too_many_requests", "not_activated", "no_successor", "code_malformed"}
