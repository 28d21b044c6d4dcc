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

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer
from tenure.sdk.network.path import HttpExchange, PathUsed, SourceKind
from tenure.sdk.outcomes import Rejected
from tenure.sdk.transport import TransportRequest
from tenure.site.assembly import OpenedSite, open_site
from tenure.site.background import SiteWatch
from tenure.wire.armor import read_armor

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

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        number = str(next(self._numbers))
        self._waiting[number] = queue.Queue()
        self._lines.say("ask", number, request.path, request.body.decode() or NOTHING)
        reply = self._waiting[number].get(timeout=30)
        if reply == NOTHING:
            return Refused(RefusalCode.UNREACHABLE)
        return HttpExchange(200, (), reply.encode(), PathUsed(SourceKind.SYSTEM, "192.0.2.1:443"), 0.0)

    def heard(self, number: str, reply: str) -> None:
        self._waiting[number].put(reply)


class Program:
    """The site, and what can be asked of it."""

    def __init__(self, site: OpenedSite, lines: Lines) -> None:
        self._site, self._lines = site, lines
        self._license, self._watch = site.licenses["editor"], SiteWatch(site)
        # As after an answered synchronization: what is shown here is not the rule for starts.
        self._license._answered = True

    def device(self, name: str, body: str) -> None:
        def tell(reply: bytes | Refused) -> None:
            self._lines.say("told", name, NOTHING if isinstance(reply, Refused) else reply.decode())

        self._site.port.answer_blocking(body.encode()).add_done_callback(lambda done: tell(done.result()))

    def sync(self, name: str) -> None:
        outcome = self._license.synchronize("timer")
        self._watch.note_change(self._license)
        self._lines.say("told", name, NOTHING if isinstance(outcome, Rejected) else "done")

    def bring(self, name: str, text: str) -> None:
        blocks = read_armor(base64.b64decode(text).decode())
        assert not isinstance(blocks, Refused), blocks
        outcome = self._license.import_answers(blocks)
        self._watch.note_change(self._license)
        self._lines.say("told", name, NOTHING if isinstance(outcome, Rejected) else "done")


def main(folder: Path, now: int) -> None:
    computer = Computer(
        clocks=ComputerClocks("boot", lambda: 1_000_000.0, lambda: now),
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
    assert isinstance(site, OpenedSite), site
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
