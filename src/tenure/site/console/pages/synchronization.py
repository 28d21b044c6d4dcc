"""Synchronize subscription settings with Licensing server (M17): the steps live, the path used, what changed."""

from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.exchanges import ConsoleExchange, ConsoleExchanges
from tenure.site.console.pages.licenses import drawable_spans
from tenure.site.console.session import Console, ConsolePages, LocalServer
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

TITLES = {
    "synchronize": "Synchronize subscription settings with Licensing server",
    "activate": "Applying the activation code",
    "successor": "Staging the successor",
    "drop-successor": "Dropping the successor",
    "resolve-fork": "Settling which copy is which",
}
DONE = {
    "activate": "The activation code was accepted.",
    "successor": "The successor is staged.",
    "drop-successor": "The successor was dropped.",
    "resolve-fork": "The activation server has taken note of it.",
}
STEPS = {
    "prepare": "Prepare", "path": "Way", "answer": "Answer", "root": "Root of trust", "lease": "Lease", "save": "Save",
}  # fmt: skip


class SynchronizationPages(ConsolePages):
    """The page of the exchange that runs, or was the last."""

    def __init__(self, server: LocalServer, exchanges: ConsoleExchanges) -> None:
        super().__init__(server)
        self._exchanges = exchanges

    @page_at("/licenses/{product}/synchronization")
    async def show(self, visit: Console) -> Reply:
        """The steps so far, and the result."""
        api, product = self._server.api_for(visit), visit.params["product"]
        one = fill_path("/v1/licenses/{product}", product=product)
        exchange = self._exchanges.last_exchange(product)
        values: dict[str, Any] = {
            "license": await api.get(one),
            "exchange": exchange,
            "steps": await self._step_views(visit, exchange),
            "step_names": STEPS,
            "titles_done": DONE,
            "title": TITLES[exchange.what if exchange is not None else "synchronize"],
            "spans": [],
        }
        value = exchange.value if exchange is not None else None
        if value is not None:
            staged = value["license"]["successor"] if exchange is not None and exchange.what == "successor" else None
            values["spans"] = drawable_spans(staged["timeline"] if staged else value["license"]["timeline"])
        return PageScreen(template="synchronization.html", values=values)

    @form_at("/licenses/{product}/synchronization")
    async def start(self, visit: Console) -> Reply:
        """Ask the activation server now."""
        api, product = self._server.api_for(visit), visit.params["product"]
        where = fill_path("/v1/licenses/{product}/synchronize", product=product)
        await self._exchanges.begin_exchange(product, "synchronize", api.post(where, key=visit.form.read_text("_key")))
        return RedirectTo(fill_path("/licenses/{product}/synchronization", product=product))

    async def _step_views(self, visit: Console, exchange: ConsoleExchange | None) -> list[Any]:
        """As the API tells them; a refusal keeps those that led to it."""
        if exchange is not None and exchange.value is not None:
            return list(exchange.value["steps"])
        if exchange is None:
            return []
        if exchange.refusal is not None and _never_sent(exchange.refusal):
            return []
        try:
            where = fill_path("/v1/licenses/{product}/synchronization", product=visit.params["product"])
            return list((await self._server.api_for(visit).get(where))["steps"])
        except RefusedPageError:
            return []


def _never_sent(refusal: PageRefusal) -> bool:
    return refusal.code in {"too_many_requests", "not_activated", "no_successor", "code_malformed"}
