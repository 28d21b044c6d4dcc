"""Whoever forwards events at a site: an administrator who sets it up, and a courier that is moved by hand."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from tenure.core.timeline import Instant
from tenure.site.forwarding.worker import forwarding_worker
from tenure.site.store import events
from tenure.site.store.writer import Connection
from tests.server.mailbox import Mailbox
from tests.server.receiver import Receiver
from tests.site.callers import Caller
from tests.site.site_env import SiteProcess

T = TypeVar("T")
ANA, BOB = "ana@example.com", "bob@example.com"


class ForwardingEnv:
    """One house and its courier; mails gather for `gather` seconds."""

    def __init__(self, house: SiteProcess, gather: float = 0.0) -> None:
        self.house = house
        self.root = Caller(house)
        self.webhook_worker = forwarding_worker(house.site, gather)

    @property
    def now(self) -> Instant:
        return self.house.site_env.time.now

    def restart(self) -> None:
        """The site's process ends and begins again."""
        self.house.restart()
        self.root, self.webhook_worker = Caller(self.house), forwarding_worker(self.house.site, 0.0)

    async def aside(self, work: Callable[..., T], *args: Any, **more: Any) -> T:
        """The callers have loops of their own."""
        return await asyncio.to_thread(work, *args, **more)

    async def add(self, **body: Any) -> Any:
        made = await self.aside(self.root.post, "/v1/forwardings", {"name": "Operations", "severity": "info", **body})
        return made | {"id": made["forwarding"]["id"]}

    async def read(self, name: str) -> Any:
        return await self.aside(self.root.get, f"/v1/forwardings/{name}")

    async def log(self, name: str) -> list[Any]:
        found: list[Any] = (await self.aside(self.root.get, f"/v1/forwardings/{name}/deliveries"))["items"]
        return found

    async def test(self, name: str) -> Any:
        return await self.aside(self.root.post, f"/v1/forwardings/{name}/test")

    def happen(self, *texts: str, severity: events.Severity = "warning", kind: str = "device_limit_reached") -> None:
        """Something happens at the site."""
        now = self.now

        def work(conn: Connection) -> None:
            for text in texts:
                events.add(conn, now, severity, kind, text, product="editor")

        self.house.site.store.write(work).result()

    async def go(self, looks: int = 1) -> None:
        """The courier looks, and what it set going comes to an end."""
        for _ in range(looks):
            await self.webhook_worker.once()
            await self.webhook_worker.settle()


def by_mail(box: Mailbox, *recipients: str, **more: Any) -> dict[str, Any]:
    mail = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "tenure@site.example"}
    return {"mail": mail | {"recipients": recipients or (ANA,)} | more}


def by_webhook(receiver: Receiver) -> dict[str, Any]:
    return {"webhook": {"url": receiver.url}}


def texts(receiver: Receiver) -> list[str]:
    return [each.event["data"]["text"] for each in receiver.messages]


def body_of(box: Mailbox, at: int = -1) -> str:
    """A mail's text in one line."""
    part = box.mails[at].get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())
