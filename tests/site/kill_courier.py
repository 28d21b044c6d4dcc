"""A site's courier as a program of its own, in which things happen all the time, so that a test can kill it."""

import asyncio
import secrets
import sys
import time
from pathlib import Path

from tenure.core.refusals import Code, Refused
from tenure.sdk.clock import Clocks
from tenure.sdk.computer import Computer
from tenure.sdk.names.path import Exchange
from tenure.sdk.transport import Request
from tenure.site.forwarding.courier import Courier
from tenure.site.opening import Site, open_site
from tenure.site.store import events


class NoWay:
    """There is no server."""

    def send(self, request: Request) -> Exchange | Refused:
        return Refused(Code.UNREACHABLE)


async def live(site: Site, events_most: int) -> None:
    courier = Courier(site, 0.01)
    number = site.store.read(events.latest)
    while True:
        number += 1
        text, now = f"event {number}", int(time.time())
        if number <= events_most:
            site.store.write(lambda conn: events.add(conn, now, "warning", "device_limit_reached", text)).result()  # noqa: B023
        await courier.once()
        await asyncio.sleep(0.005)


def main(folder: Path, events_most: int) -> None:
    computer = Computer(
        clocks=Clocks("boot", lambda: 1_000_000.0, lambda: int(time.time())),
        monotonic=time.monotonic,
        draw=secrets.token_bytes,
        environment={},
        hardware=dict,
        online=lambda: True,
        host="site.test",
    )
    site = open_site(folder, computer, transports=lambda *_: NoWay())
    assert isinstance(site, Site), site
    asyncio.run(live(site, events_most))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
