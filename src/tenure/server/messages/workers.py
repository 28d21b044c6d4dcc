"""The background task of what leaves the server: mails and webhooks look side by side, neither waits for the other."""

import asyncio
import logging

from prometheus_client import CollectorRegistry, Gauge

from tenure.http.outgoing.delivery_worker import PAUSE
from tenure.http.outgoing.retry_schedule import jitter_of
from tenure.http.outgoing.trust import outgoing_context
from tenure.server.context import ServerContext
from tenure.server.messages.email_worker import email_worker
from tenure.server.messages.webhook_worker import webhook_worker
from tenure.store import deliveries, emails, webhooks
from tenure.store.engine import Connection

COUNT_EVERY = 15
"""Looks between two counts of what waits."""
WAITING_EMAILS, EMAILS_GIVEN_UP = "emails_waiting", "emails_given_up"
WAITING_DELIVERIES, DISABLED_WEBHOOKS = "deliveries_waiting", "webhooks_disabled"
_ABOUT = {
    WAITING_EMAILS: "Mails that wait to be sent.",
    EMAILS_GIVEN_UP: "Mails of the last 30 days that could not be sent.",
    WAITING_DELIVERIES: "Deliveries to webhooks that wait to be made.",
    DISABLED_WEBHOOKS: "Webhooks that are switched off.",
}

_log = logging.getLogger("tenure.server.messages")


class OutgoingMessages:
    """Mails and webhooks of one server process."""

    def __init__(self, context: ServerContext) -> None:
        jitter = jitter_of(context.draw)
        self._context = context
        self._workers = (
            email_worker(context, jitter),
            webhook_worker(context, outgoing_context(context.reach.ca), jitter),
        )

    async def run(self) -> None:
        """Until canceled; a failing look is logged and repeated."""
        await asyncio.gather(*(worker.run() for worker in self._workers), self._count_on())

    async def once(self) -> int:
        """One look of each, and what it set going; how much was found."""
        found = sum([await worker.once() for worker in self._workers])
        for worker in self._workers:
            await worker.settle()
        return found

    async def count_waiting(self) -> None:
        """Note how much waits, for the metrics."""
        self._context.queues.update(await self._context.db.read(_waiting_counts))

    async def _count_on(self) -> None:
        while True:
            try:
                await self.count_waiting()
            except Exception:  # a figure for the metrics: nothing depends on it
                _log.exception("waiting messages could not be counted")
            await asyncio.sleep(PAUSE * COUNT_EVERY)


def show_queues(context: ServerContext, registry: CollectorRegistry) -> None:
    """A gauge for each queue, as last counted."""
    for name, about in _ABOUT.items():
        gauge = Gauge(f"tenure_{name}", about, registry=registry)
        gauge.set_function(lambda name=name: context.queues.get(name, 0))  # type: ignore[misc]


def _waiting_counts(conn: Connection) -> dict[str, int]:
    waiting, given_up = emails.count_emails(conn)
    return {
        WAITING_EMAILS: waiting,
        EMAILS_GIVEN_UP: given_up,
        WAITING_DELIVERIES: deliveries.count_waiting(conn),
        DISABLED_WEBHOOKS: webhooks.count_disabled(conn),
    }
