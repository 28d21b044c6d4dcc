"""Requests to the activation server that a user began in the console, and their results, for every user to watch.

The local API answers only when the exchange is over, which may take half a minute: no browser is kept waiting for it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.session import Console, ConsolePages, LocalServer
from tenure.web.page_api import WriteAnswer
from tenure.web.replies import PageRefusal, RedirectTo, RefusedPageError, Reply

LONGEST_WAIT = 0.6
"""Seconds that a page waits, because most exchanges are over by then."""


class ConsoleExchange:
    """One request, from its start to its answer or refusal."""

    def __init__(self, what: str) -> None:
        self.what = what
        """`synchronize`, `activate`, `successor`, `drop-successor`, `resolve-fork`."""
        self.value: dict[str, Any] | None = None
        self.refusal: PageRefusal | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is not over."""
        return self.value is None and self.refusal is None


class ConsoleExchanges:
    """The last one of each product."""

    def __init__(self) -> None:
        self._last: dict[str, ConsoleExchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def last_exchange(self, product: str) -> ConsoleExchange | None:
        """The exchange that runs, or was the last."""
        return self._last.get(product)

    async def begin_exchange(self, product: str, what: str, work: Coroutine[Any, Any, WriteAnswer]) -> ConsoleExchange:
        """Start one, and wait a moment for it; while another runs, that one."""
        last = self._last.get(product)
        if last is not None and last.is_running:
            work.close()
            return last
        exchange = self._last[product] = ConsoleExchange(what)
        task = asyncio.create_task(_follow_exchange(exchange, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait({task}, timeout=LONGEST_WAIT)
        return exchange


class ExchangePages(ConsolePages):
    """Pages with forms that begin an exchange."""

    def __init__(self, server: LocalServer, exchanges: ConsoleExchanges) -> None:
        super().__init__(server)
        self._exchanges = exchanges

    async def _begin_exchange(self, visit: Console, verb: str, body: dict[str, str] | None = None) -> Reply:
        """Do `verb` of the API with the license of the address, and go on at the page that shows the steps."""
        product = visit.params["product"]
        where = fill_path("/v1/licenses/{product}/{verb}", product=product, verb=verb)
        work = self._api(visit).post(where, body, key=visit.form.read_text("_key"))
        await self._exchanges.begin_exchange(product, verb, work)
        return RedirectTo(visit.fill_address("/licenses/{product}/synchronization"))


FAILED = PageRefusal(
    title="The exchange was cut short.",
    status=500,
    code="internal",
    remedy="Try again; the log of the administration server says more.",
)


async def _follow_exchange(exchange: ConsoleExchange, work: Coroutine[Any, Any, WriteAnswer]) -> None:
    try:
        exchange.value = (await work).value
    except RefusedPageError as error:
        exchange.refusal = error.refusal
    finally:
        if exchange.is_running:
            exchange.refusal = FAILED
