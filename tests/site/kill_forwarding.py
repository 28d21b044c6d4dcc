"""A site's courier as a program of its own, in which things happen all the time, so that a test can kill it."""

import asyncio
import secrets
import sys
import time
from pathlib import Path

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tenure.site.assembly import OpenedSite, open_site
from tenure.site.forwarding.worker import forwarding_worker
from tenure.site.store import events


class NoWay:
    """There is no server."""

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        return Refused(RefusalCode.UNREACHABLE)


async def live(site: OpenedSite, events_most: int) -> None:
    webhook_worker = forwarding_worker(site, 0.01)
    number = site.store.read(events.latest_number)
    while True:
        number += 1
        text, now = f"event {number}", int(time.time())
        if number <= events_most:
            site.store.write(lambda conn: events.add(conn, now, "warning", "device_limit_reached", text)).result()  # noqa: B023
        await webhook_worker.once()
        await asyncio.sleep(0.005)


def main(folder: Path, events_most: int) -> None:
    computer = Computer(
        clocks=ComputerClocks("boot", lambda: 1_000_000.0, lambda: int(time.time())),
        monotonic=time.monotonic,
        draw=secrets.token_bytes,
        environment={},
        hardware=dict,
        online=lambda: True,
        host="site.test",
    )
    site = open_site(folder, computer, transports=lambda *_: NoWay())
    assert isinstance(site, OpenedSite), site
    asyncio.run(live(site, events_most))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
