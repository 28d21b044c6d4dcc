"""Synchronize subscription settings with Licensing server (M17): the steps live, the path used, what changed."""

from typing import Any

from tenure.site.console.exchanges import ConsoleExchange, ExchangePages
from tenure.site.console.pages.licenses import drawable_spans
from tenure.site.console.session import Console
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RefusedPageError, Reply

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


class SynchronizationPages(ExchangePages):
    """The page of the exchange that runs, or was the last."""

    @page_at("/licenses/{product}/synchronization")
    async def show(self, visit: Console) -> Reply:
        """The steps so far, and the result."""
        exchange = self._exchanges.last_exchange(visit.params["product"])
        values: dict[str, Any] = {
            "license": await self._api(visit).get(visit.fill_address("/v1/licenses/{product}")),
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
        return await self._begin_exchange(visit, "synchronize")

    async def _step_views(self, visit: Console, exchange: ConsoleExchange | None) -> list[Any]:
        """As the API tells them; a refusal keeps those that led to it."""
        if exchange is not None and exchange.value is not None:
            return list(exchange.value["steps"])
        if exchange is None:
            return []
        if exchange.refusal is not None and _never_sent(exchange.refusal):
            return []
        try:
            where = visit.fill_address("/v1/licenses/{product}/synchronization")
            return list((await self._api(visit).get(where))["steps"])
        except RefusedPageError:
            return []


def _never_sent(refusal: PageRefusal) -> bool:
    return refusal.code in {"too_many_requests", "not_activated", "no_successor", "code_malformed"}
