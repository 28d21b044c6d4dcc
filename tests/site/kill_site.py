"""A site as a program of its own, spoken to by lines, so that a test can kill it at any moment.

In: `device NAME BODY`, `sync NAME`, `import NAME TEXT` (base64), and `heard NUMBER BODY` to what it asked the server.
Out: `told NAME REPLY`, and `ask NUMBER PATH BODY` for the server. A body that is not there is `-`.
"""

import base64
import itertools
import queue
import secrets
import sys
import threading
from pathlib import Path

from tenure.core.refusals import Code, Refused
from tenure.sdk.clock import Clocks
from tenure.sdk.computer import Computer
from tenure.sdk.names.path import Exchange, Kind, PathUsed
from tenure.sdk.outcomes import Declined
from tenure.sdk.transport import Request
from tenure.site.opening import Site, open_site
from tenure.site.watch import Watch
from tenure.wire.armour import read_armour

NOTHING = "-"


class Lines:
    """What this program writes, one whole line at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def say(self, *words: str) -> None:
        with self._lock:
            sys.stdout.write(" ".join(words) + "\n")
            sys.stdout.flush()


class ByLines:
    """The way to the server, through whoever reads the lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._numbers = itertools.count(1)
        self._waiting: dict[str, queue.Queue[str]] = {}

    def send(self, request: Request) -> Exchange | Refused:
        number = str(next(self._numbers))
        self._waiting[number] = queue.Queue()
        self._lines.say("ask", number, request.path, request.body.decode() or NOTHING)
        reply = self._waiting[number].get(timeout=30)
        if reply == NOTHING:
            return Refused(Code.UNREACHABLE)
        return Exchange(200, (), reply.encode(), PathUsed(Kind.SYSTEM, "192.0.2.1:443"), 0.0)

    def heard(self, number: str, reply: str) -> None:
        self._waiting[number].put(reply)


class Program:
    """The site, and what can be asked of it."""

    def __init__(self, site: Site, lines: Lines) -> None:
        self._site, self._lines = site, lines
        self._license, self._watch = site.licenses["editor"], Watch(site)
        # As after an answered synchronisation: what is shown here is not the rule for starts.
        self._license._answered = True

    def device(self, name: str, body: str) -> None:
        def tell(reply: bytes | Refused) -> None:
            self._lines.say("told", name, NOTHING if isinstance(reply, Refused) else reply.decode())

        self._site.port.answer(body.encode()).add_done_callback(lambda done: tell(done.result()))

    def sync(self, name: str) -> None:
        outcome = self._license.synchronize("timer")
        self._watch.note(self._license)
        self._lines.say("told", name, NOTHING if isinstance(outcome, Declined) else "done")

    def bring(self, name: str, text: str) -> None:
        blocks = read_armour(base64.b64decode(text).decode())
        assert not isinstance(blocks, Refused), blocks
        outcome = self._license.bring(blocks)
        self._watch.note(self._license)
        self._lines.say("told", name, NOTHING if isinstance(outcome, Declined) else "done")


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
    lines = Lines()
    server = ByLines(lines)
    site = open_site(folder, computer, transports=lambda *_: server)
    assert isinstance(site, Site), site
    program = Program(site, lines)
    aside = {"sync": program.sync, "import": program.bring}
    lines.say("ready")
    for line in sys.stdin:
        verb, *words = line.split()
        if verb == "device":
            program.device(*words)
        elif verb == "heard":
            server.heard(*words)
        else:
            threading.Thread(target=aside[verb], args=words, daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
