"""A site's device port as a program of its own, spoken to by lines, so that a test can kill it at any moment."""

import secrets
import sys
import threading
from pathlib import Path

from tenure.core.refusals import Code, Refused
from tenure.sdk.clock import Clocks
from tenure.sdk.computer import Computer
from tenure.sdk.names.path import Exchange
from tenure.sdk.transport import Request
from tenure.site.opening import Site, open_site


class NoWay:
    """There is no server."""

    def send(self, request: Request) -> Exchange | Refused:
        return Refused(Code.UNREACHABLE)


def main(folder: Path, now: int) -> None:
    computer = Computer(
        clocks=Clocks("boot", lambda: 1_000_000.0, lambda: now),
        monotonic=lambda: 0.0,
        draw=secrets.token_bytes,
        environment={},
        hardware=dict,
        online=lambda: True,
        host="site.test",
    )
    site = open_site(folder, computer, transports=lambda *_: NoWay())
    assert isinstance(site, Site), site
    # As after an answered synchronisation: what is shown here is not the rule for starts.
    site.licenses["editor"]._answered = True
    lock = threading.Lock()

    def tell(name: str, reply: bytes | Refused) -> None:
        with lock:
            sys.stdout.write(f"{name} {'' if isinstance(reply, Refused) else reply.decode()}\n")
            sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        name, body = line.split()
        future = site.port.answer(body.encode())
        future.add_done_callback(lambda done, name=name: tell(name, done.result()))  # type: ignore[misc]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
